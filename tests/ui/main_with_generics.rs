//~ UNDER T: the entry function takes no generic parameters
#[bespoke::main]
async fn main<T>() {}

//~ UNDER `port: u16`: the entry function takes no arguments
#[bespoke::main]
async fn main(port: u16) {}

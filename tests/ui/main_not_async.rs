//~ UNDER fn: the function must be `async fn`
#[bespoke::main]
fn main() {}

//~ UNDER workers: unknown argument; `#[bespoke::main]` knows a config and `crate = …`
#[bespoke::main(workers = 4)]
async fn main() {}

//~ UNDER boxed: unknown argument; `#[async_fn]` knows `rustc` and `crate = …`
#[bespoke::async_fn(boxed)]
async fn f() {}

fn main() {}

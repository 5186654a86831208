//~ UNDER fn: `#[async_fn]` needs an `async fn`
#[bespoke::async_fn]
fn f() {}

fn main() {}

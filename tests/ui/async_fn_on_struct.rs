//~ UNDER #[bespoke::async_fn]: `#[async_fn]` goes on an `async fn` outside of `impl` and `trait`
#[bespoke::async_fn]
struct S;

fn main() {}

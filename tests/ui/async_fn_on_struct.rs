//~ UNDER #[bespoke::async_fn]: `#[async_fn]` goes on an `async fn` with a body, on a whole `impl`, or on a whole trait
#[bespoke::async_fn]
struct S;

fn main() {}

//~ UNDER #[bespoke::async_fn]: `#[async_fn]` goes on an `async fn`, or on a whole `impl`
#[bespoke::async_fn]
struct S;

fn main() {}

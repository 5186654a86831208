//~ UNDER &self: `#[async_fn]` knows no methods yet: write a function that takes `self` as an argument
struct S;

impl S {
    #[bespoke::async_fn]
    async fn f(&self) {}
}

fn main() {}

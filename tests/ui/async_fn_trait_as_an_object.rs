//~ SAYS the trait `Find` is not dyn compatible
#[bespoke::async_fn]
trait Find {
    async fn find(&self, key: &str) -> usize;
}

fn f(_: &dyn Find) {}

fn main() {}

//~ SAYS `#[async_fn]` goes on an `async fn` with a body, on a whole `impl`, or on a whole trait
trait Work {
    #[bespoke::async_fn]
    async fn work(&self);
}

fn main() {}

//~ SAYS `#[async_fn]` goes on an `async fn`, or on a whole `impl`
#[bespoke::async_fn]
trait Work {
    async fn work(&self) {}
}

fn main() {}

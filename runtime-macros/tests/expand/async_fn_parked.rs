#[bespoke::async_fn]
async fn send(to: &Sink, what: Item, n: usize) -> bool {
    what.ready() && take(to, n, what.body(), what.tail().await).await
}

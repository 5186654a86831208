#[bespoke::async_fn]
async fn drained(a: A) {
    while a.ready() && next().await {}
}

#[bespoke::async_fn(rustc)]
async fn wait<T>(t: T) {
    t.await;
}

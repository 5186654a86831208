#[bespoke::async_fn]
async fn both(a: A, b: B) -> bool {
    !(a.await && b.await)
}

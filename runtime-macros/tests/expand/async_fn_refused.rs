#[bespoke::async_fn]
async fn push(mut list: Vec<u8>, next: N) -> Vec<u8> {
    list.push(next.await);
    list
}

#[bespoke::async_fn]
async fn both(to: Sink) -> usize {
    let (sent, read) = bespoke::join!(to.send(1), read(&to));
    sent + read
}

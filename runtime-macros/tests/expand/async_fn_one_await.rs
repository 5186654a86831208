#[bespoke::async_fn(crate = framework::runtime)]
async fn greet(name: String, stream: Stream) -> String {
    stream.send(name.len()).await;
    name
}

#[bespoke::async_fn]
async fn first(from: Source, stop: Stop) -> Option<Item> {
    select! {
        Some(item) = from.next(), if from.is_open() => {
            item.check().await;
            Some(item)
        }
        _ = stop => None,
    }
}

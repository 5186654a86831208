#[bespoke::async_fn]
pub async fn total(mut list: Vec<Item>, limit: &u64) -> Result<u64, Error> {
    let mut sum = 0;
    while let Some(item) = list.pop() {
        let price = price_of(&item).await?;
        if price > *limit {
            refuse(item).await;
            continue;
        }
        sum += price;
    }
    Ok(sum)
}

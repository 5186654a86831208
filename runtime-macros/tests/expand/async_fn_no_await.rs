#[bespoke::async_fn]
/// Adds.
async fn add(a: u8, b: u8) -> u8 {
    a + b
}

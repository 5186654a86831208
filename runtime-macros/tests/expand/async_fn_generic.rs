#[bespoke::async_fn]
async fn tell<'a, T: Debug, const N: usize>(x: &'a [T; N], other: &impl Debug, f: Box<dyn FnOnce(&T) + '_>) -> &'a T {
    pause().await;
    pick(x, other, f)
}

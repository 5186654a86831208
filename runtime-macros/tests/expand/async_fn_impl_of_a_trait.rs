#[bespoke::async_fn]
impl<'x, T: Debug, const N: usize> Find<'x, Vec<T>, N> for Table<T> {
    async fn find(&self, key: &str) -> bool {
        self.has(key)
    }
}

#[bespoke::async_fn]
pub trait Store<K: ?Sized> {
    type Value: Send;

    async fn get<'k>(&self, key: &'k K, _: &str) -> Option<&Self::Value>;
    async fn one(&self);
    fn sent(&self, key: &K, by: impl Fn(&K)) -> impl Future<Output = usize> + Send;
    fn plain(&self, key: &K);

    async fn put(&mut self, key: &K, mut value: Self::Value) -> Self::Value {
        pause().await;
        value = self.swap(value);
        value
    }
}

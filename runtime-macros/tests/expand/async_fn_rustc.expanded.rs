async fn wait<T>(t: T) {
    t.await;
}

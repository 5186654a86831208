fn main() {
    #[allow(
        clippy::future_not_send,
        clippy::unused_async,
        reason = "an entry function is `async` by rule, and runs where it was started"
    )]
    async fn main() {
        work().await;
    }
    ::bespoke::__private::run::<::bespoke::preset::Default, _>(main())
}

#[should_panic(expected = "boom")]
#[ignore = "slow"]
#[::core::prelude::v1::test]
fn a_panic_reaches_the_test() {
    #[allow(
        clippy::future_not_send,
        clippy::unused_async,
        reason = "an entry function is `async` by rule, and runs where it was started"
    )]
    async fn a_panic_reaches_the_test() {
        panic!("boom")
    }
    ::bespoke::__private::run::<App, _>(a_panic_reaches_the_test())
}

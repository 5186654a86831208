#[should_panic(expected = "boom")]
#[ignore = "slow"]
#[::core::prelude::v1::test]
fn a_panic_reaches_the_test() {
    async fn a_panic_reaches_the_test() {
        panic!("boom")
    }
    ::bespoke::__private::run::<App, _>(a_panic_reaches_the_test())
}

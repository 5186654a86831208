#[bespoke::test(App)]
#[should_panic(expected = "boom")]
#[ignore = "slow"]
async fn a_panic_reaches_the_test() {
    panic!("boom")
}

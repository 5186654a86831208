#[allow(dead_code)]
pub fn entry() -> Result<(), Error> {
    #[allow(
        clippy::future_not_send,
        clippy::unused_async,
        reason = "an entry function is `async` by rule, and runs where it was started"
    )]
    async fn entry() -> Result<(), Error> {
        work().await?;
        Ok(())
    }
    framework::runtime::__private::run::<App, _>(entry())
}

#[allow(dead_code)]
pub fn entry() -> Result<(), Error> {
    async fn entry() -> Result<(), Error> {
        work().await?;
        Ok(())
    }
    framework::runtime::__private::run::<App, _>(entry())
}

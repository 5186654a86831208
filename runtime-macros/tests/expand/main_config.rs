#[bespoke::main(App, crate = framework::runtime)]
#[allow(dead_code)]
pub async fn entry() -> Result<(), Error> {
    work().await?;
    Ok(())
}

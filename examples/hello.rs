//! The smallest program: no generics, no configuration. `cargo run --example hello`
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]

#[bespoke::main]
async fn main() -> std::io::Result<()> {
    let tea = bespoke::spawn(async {
        bespoke::time::sleep(std::time::Duration::from_millis(10)).await;
        "hello from a task"
    });
    println!("{}", tea.await?);
    Ok(())
}

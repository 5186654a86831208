//! The const-generic builder: a runtime whose type is never named. `cargo run --example builder`
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]

use bespoke::{Builder, Handle, prelude::*};
use std::time::Duration;

/// Generic code: it runs on whatever was built.
async fn countdown<C: Config>(handle: Handle<C>) -> u32 {
    let mut sum = 0;
    for n in (1..=3).rev() {
        println!("{n} …");
        C::sleep(Duration::from_millis(50)).await;
        sum += handle.spawn(async move { n }).await.unwrap_or(0);
    }
    sum
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Builder::<1>::new().mio().pooled().build()?;
    let sum = runtime.block_on(countdown(runtime.handle()));
    println!("the sum is {sum}");
    Ok(())
}

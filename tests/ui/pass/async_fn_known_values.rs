//~ BUILD
//! rustc does not calculate in an `async fn`, so of none of these it says that they panic whenever they run.
#![deny(warnings)]

use std::future::ready;

#[bespoke::async_fn]
async fn more_than_there_is() -> u8 {
    let most = u8::MAX;
    ready(()).await;
    most + 1
}

#[bespoke::async_fn]
async fn by_zero() -> u8 {
    let zero = 0;
    ready(1 / zero).await
}

#[bespoke::async_fn]
async fn behind_the_end() -> u8 {
    ready(()).await;
    let list = [1, 2, 3];
    let n = 3;
    list[n]
}

struct Bytes([u8; 3]);

#[bespoke::async_fn]
impl Bytes {
    async fn more_than_there_is(&self) -> u8 {
        let most = u8::MAX;
        ready(self.0[0]).await;
        most + 1
    }
}

fn main() {
    drop(more_than_there_is());
    drop(by_zero());
    drop(behind_the_end());
    drop(Bytes([1, 2, 3]).more_than_there_is());
}

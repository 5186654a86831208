//~ RUSTC UNDER ready(1_u8).await: expected `Option<u8>`, found `u8`
use std::future::ready;

#[bespoke::async_fn]
async fn f() -> Option<u8> {
    let n: Option<u8> = ready(1_u8).await;
    n
}

fn main() {}

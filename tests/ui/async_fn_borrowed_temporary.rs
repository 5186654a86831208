//~ SAYS temporary value dropped while borrowed
use std::future::ready;

#[bespoke::async_fn]
async fn f() -> usize {
    ready(&[1; 3].map(|n| n + 1)).await.len()
}

fn main() {}

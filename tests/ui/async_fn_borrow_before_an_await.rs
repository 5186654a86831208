//~ SAYS temporary value dropped while borrowed
use std::future::ready;

fn make() -> [u8; 4] {
    [1; 4]
}

fn sum(a: &[u8], n: u8) -> u8 {
    a[0] + n
}

#[bespoke::async_fn]
async fn f() -> u8 {
    sum(&make(), ready(1).await)
}

fn main() {}

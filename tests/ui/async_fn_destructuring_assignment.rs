//~ UNDER (a, b): `#[async_fn]` does not take values apart by assignment: bind the parts with `let`, and assign those
use std::future::ready;

#[bespoke::async_fn]
async fn f() -> u8 {
    let (mut a, mut b) = (1, 2);
    ready(()).await;
    (a, b) = (b, a);
    a - b
}

fn main() {}

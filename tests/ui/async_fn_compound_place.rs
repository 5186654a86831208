//~ UNDER a[0]: what this assigns to might be evaluated before the `.await` or after it: bind the awaited value with `let` first
use std::future::ready;

#[bespoke::async_fn]
async fn f(mut a: Vec<u8>) -> Vec<u8> {
    a[0] += ready(1).await;
    a
}

fn main() {}

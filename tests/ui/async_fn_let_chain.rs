//~ UNDER let Some(n) = n && n > 1: a chain of `let`s over an `.await`: nest the `if`s
use std::future::ready;

#[bespoke::async_fn]
async fn f(n: Option<u8>) {
    if let Some(n) = n && n > 1 {
        ready(()).await;
    }
}

fn main() {}

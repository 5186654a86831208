//~ SAYS this might keep a temporary across the `.await`: bind its value with a `let` of its own, before
use std::future::ready;

#[bespoke::async_fn]
async fn f(n: Option<u8>) {
    ready(match n {
        Some(n) => n,
        None => 0,
    })
    .await;
}

fn main() {}

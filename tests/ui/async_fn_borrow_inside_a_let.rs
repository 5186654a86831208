//~ UNDER &String::new(): what is borrowed here lives as long as the `let`, and so across an `.await`: bind it with a `let` of its own, before
use std::future::ready;

#[bespoke::async_fn]
async fn f() -> usize {
    let pair = (&String::new(), 1);
    ready(()).await;
    pair.0.len()
}

fn main() {}

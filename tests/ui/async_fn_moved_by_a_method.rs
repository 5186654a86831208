//~ SAYS cannot move out of
use std::future::ready;

#[bespoke::async_fn]
async fn f(s: String) -> usize {
    ready(()).await;
    s.into_bytes().len()
}

fn main() {}

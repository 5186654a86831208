//~ SAYS cannot move out of a raw pointer
use std::future::ready;

#[bespoke::async_fn]
async fn f() {
    match (String::new(), String::new()) {
        (ref a, b) => ready((a.len(), b)).await,
    };
}

fn main() {}

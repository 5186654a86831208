//~ UNDER a + ready(1).await: this `.await` is not the first thing that its statement evaluates: bind the awaited value with a `let` of its own, before
use std::future::ready;

#[bespoke::async_fn]
async fn f(a: u8) -> u8 {
    a + ready(1).await
}

fn main() {}

//~ UNDER make: this macro might keep a temporary across the `.await`: bind its value with a `let` of its own, before
use std::future::ready;

macro_rules! make {
    () => {
        ready(1)
    };
}

#[bespoke::async_fn]
async fn f() {
    make!().await;
}

fn main() {}

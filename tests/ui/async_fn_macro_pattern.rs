//~ UNDER one!(): `#[async_fn]` does not know this kind of pattern: move it to a function of its own
use std::future::ready;

macro_rules! one {
    () => {
        1
    };
}

#[bespoke::async_fn]
async fn f(n: u8) {
    match n {
        one!() => ready(()).await,
        _ => {}
    }
}

fn main() {}

//~ SAYS mismatched types
use std::future::ready;

macro_rules! give_up {
    () => {
        return 7
    };
}

#[bespoke::async_fn]
async fn f(n: u8) -> u8 {
    ready(()).await;
    if n == 1 {
        give_up!();
    }
    n
}

fn main() {}

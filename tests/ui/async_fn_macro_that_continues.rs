//~ SAYS unlabeled `continue` inside of a labeled block
use std::future::ready;

macro_rules! next {
    () => {
        continue
    };
}

#[bespoke::async_fn]
async fn f(n: u8) -> u8 {
    loop {
        ready(()).await;
        if n == 1 {
            next!();
        }
    }
}

fn main() {}

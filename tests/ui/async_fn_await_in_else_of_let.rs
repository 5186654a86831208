//~ SAYS an `.await` in the `else` of a `let`: use `match`
use std::future::ready;

#[bespoke::async_fn]
async fn f(n: Option<u8>) {
    let Some(_n) = n else {
        ready(()).await;
        return;
    };
}

fn main() {}

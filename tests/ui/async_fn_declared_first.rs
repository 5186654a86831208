//~ UNDER let x;: a local that lives across an `.await` begins with its value: give it one here, or make it an `Option`
use std::future::ready;

#[bespoke::async_fn]
async fn f() -> u8 {
    let x;
    ready(()).await;
    x = 1;
    x
}

fn main() {}

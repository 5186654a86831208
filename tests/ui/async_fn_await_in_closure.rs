//~ UNDER || ready(()).await: an `.await` inside a closure is not this function's: move it out of the closure
use std::future::ready;

#[bespoke::async_fn]
async fn f() {
    let f = || ready(()).await;
    f();
}

fn main() {}

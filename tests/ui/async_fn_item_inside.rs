//~ UNDER fn g() {}: an item inside the body of an `#[async_fn]` would exist twice: move it out of the function
use std::future::ready;

#[bespoke::async_fn]
async fn f() {
    fn g() {}
    ready(g()).await;
}

fn main() {}

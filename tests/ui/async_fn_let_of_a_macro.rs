//~ UNDER std::pin::pin: this macro might tie a temporary to the `let`, and so across an `.await`: make its value in a function of its own, or without a macro
use std::future::ready;

#[bespoke::async_fn]
async fn f() {
    let r = std::pin::pin!(ready(1));
    ready(()).await;
    r.await;
}

fn main() {}

//~ UNDER __bespoke_x: names that begin with `__bespoke_` are those of the expansion
use std::future::ready;

#[bespoke::async_fn]
async fn f() {
    let __bespoke_x = 1;
    ready(__bespoke_x).await;
}

fn main() {}

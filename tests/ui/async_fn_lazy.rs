//~ UNDER &&: an `.await` that may be left out by `&&` or `||`: use `if`
use std::future::ready;

#[bespoke::async_fn]
async fn f(a: bool) -> bool {
    a && ready(true).await
}

fn main() {}

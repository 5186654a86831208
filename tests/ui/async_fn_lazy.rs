//~ UNDER &&: an `.await` that `&&` or `||` may leave out, within an expression or in `while`: bind the whole condition with a `let` of its own, before (in a loop, use `loop` and `if`)
//~ UNDER ||: an `.await` that `&&` or `||` may leave out, within an expression or in `while`: bind the whole condition with a `let` of its own, before (in a loop, use `loop` and `if`)
use std::future::ready;

#[bespoke::async_fn]
async fn f(a: bool) -> bool {
    while a && ready(false).await {}
    !(a || ready(true).await)
}

fn main() {}

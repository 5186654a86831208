//~ UNDER ready(true).await: an `.await` or a `let` in the guard of an arm: use an `if` in the arm
use std::future::ready;

#[bespoke::async_fn]
async fn f(n: u8) {
    match n {
        1 if ready(true).await => {}
        _ => {}
    }
}

fn main() {}

//~ BUILD
//~ SAYS a temporary with a destructor would live across an `.await`: bind it with a `let` of its own
use std::future::{Future, ready};

fn sum(a: usize, n: usize) -> usize {
    a + n
}

#[bespoke::async_fn]
async fn f() -> usize {
    sum(String::from("a").len(), ready(1).await)
}

fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(f()).poll(&mut context);
}

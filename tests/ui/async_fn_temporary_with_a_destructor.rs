//~ BUILD
//~ SAYS a temporary with a destructor would live across an `.await`: bind it with a `let` of its own
use std::future::{Future, ready};

#[bespoke::async_fn]
async fn f() -> usize {
    ready(String::from("a").len()).await
}

fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(f()).poll(&mut context);
}

//~ BUILD
//~ SAYS this value has a destructor, and a part of it that no pattern binds would live across an `.await`
use std::future::{Future, ready};

#[bespoke::async_fn]
async fn f() {
    match (String::new(), 1) {
        (_, 1) => ready(()).await,
        _ => {}
    }
}

fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(f()).poll(&mut context);
}

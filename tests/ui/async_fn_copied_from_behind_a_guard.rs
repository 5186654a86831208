//~ BUILD
//~ SAYS a method of this name is taken to consume the local, and this one borrows it, or copies from behind it
use std::future::{Future, ready};
use std::sync::Mutex;

#[bespoke::async_fn]
async fn f(m: &Mutex<Option<u8>>) -> u8 {
    let guard = { m.lock() }.unwrap();
    let n = guard.unwrap();
    ready(()).await;
    n
}

fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(f(&Mutex::new(Some(1)))).poll(&mut context);
}

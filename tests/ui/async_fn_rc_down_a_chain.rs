//~ SAYS `Rc<u8>` cannot be sent between threads safely
use std::future::ready;
use std::rc::Rc;

#[bespoke::async_fn]
async fn top() -> u8 {
    middle().await
}

#[bespoke::async_fn]
async fn middle() -> u8 {
    bottom(Rc::new(1)).await
}

#[bespoke::async_fn]
async fn bottom(n: Rc<u8>) -> u8 {
    ready(()).await;
    *n
}

fn send(_: impl Send) {}

fn main() {
    send(top());
}

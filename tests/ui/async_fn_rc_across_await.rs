//~ SAYS `Rc<u8>` cannot be sent between threads safely
use std::future::ready;
use std::rc::Rc;

#[bespoke::async_fn]
async fn f() -> u8 {
    let n = Rc::new(1);
    ready(()).await;
    *n
}

fn send(_: impl Send) {}

fn main() {
    send(f());
}

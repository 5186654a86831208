//~ BUILD
//~ SAYS a method of this name is taken to consume the local, and this one borrows it
use std::future::{Future, ready};

struct Words(String);

impl Words {
    fn into_len(&self) -> usize {
        self.0.len()
    }
}

#[bespoke::async_fn]
async fn f(words: Words) -> usize {
    ready(()).await;
    words.into_len()
}

fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(f(Words(String::new()))).poll(&mut context);
}

//~ SAYS cannot move out of
use std::future::ready;

struct Words(String);

impl Words {
    fn count(self) -> usize {
        self.0.len()
    }
}

#[bespoke::async_fn]
async fn f(words: Words) -> usize {
    ready(()).await;
    words.count()
}

fn main() {}

//~ SAYS expected expression, found `let` statement
use std::future::ready;

macro_rules! keep {
    ($e:expr) => {
        let _kept = $e;
    };
}

#[bespoke::async_fn]
async fn f() {
    keep!(String::new());
    ready(()).await;
}

fn main() {}

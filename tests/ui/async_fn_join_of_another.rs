//~ RUSTC UNDER join: no rules expected `in_an_async_fn_join_is_the_macro_of_bespoke`
use std::future::{Future, ready};

/// Waits for one after the other.
macro_rules! join {
    ($($future:expr),+) => { ($($future.await,)+) };
}

fn look(x: &String) -> impl Future<Output = usize> {
    ready(x.len())
}

#[bespoke::async_fn]
async fn f(x: String) -> usize {
    let (a, b) = join!(look(&x), look(&x));
    a + b
}

fn main() {
    let _ = f;
}

//~ RUSTC UNDER select: no rules expected `in_an_async_fn_select_is_the_macro_of_bespoke`
use std::future::{Future, ready};

/// Takes the first branch.
macro_rules! select {
    ($x:pat = $future:expr => $handler:expr) => { match $future.await { $x => $handler } };
}

fn look(x: &String) -> impl Future<Output = usize> {
    ready(x.len())
}

#[bespoke::async_fn]
async fn f(x: String) -> usize {
    select! { n = look(&x) => n }
}

fn main() {
    let _ = f;
}

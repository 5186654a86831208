//~ SAYS cannot borrow `s` as mutable because it is also borrowed as immutable
use std::future::ready;

#[bespoke::async_fn]
async fn f(mut s: String) -> usize {
    let r = &s;
    ready(()).await;
    s.push('a');
    r.len()
}

fn main() {}

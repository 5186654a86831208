//~ UNDER async { s.len() }: an `async` block that borrows a local which lives across an `.await`: bind `let r = &x;`, and use `async move` with `r`
use std::future::ready;

#[bespoke::async_fn]
async fn f(s: String) -> usize {
    ready(()).await;
    let n = async { s.len() };
    n.await
}

fn main() {}

//~ UNDER matches: this macro may use `s`, which lives across an `.await`, as it likes: give it a local of its own
use std::future::ready;

#[bespoke::async_fn]
async fn f(s: String) -> bool {
    ready(()).await;
    matches!(s.len(), 1)
}

fn main() {}

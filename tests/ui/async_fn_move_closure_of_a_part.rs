//~ UNDER move || s.0.len(): a `move` closure or block over a part of a local that lives across an `.await`: bind the part with `let` first
use std::future::ready;

#[bespoke::async_fn]
async fn f(s: (String, String)) {
    ready(()).await;
    let f = move || s.0.len();
    f();
}

fn main() {}

//~ UNDER move || s.len(): a `move` closure inside a closure, over a local that lives across an `.await`: bind what it takes with `let` outside of both
use std::future::ready;

#[bespoke::async_fn]
async fn f(s: String) {
    ready(()).await;
    let f = || {
        let g = move || s.len();
        g()
    };
    f();
}

fn main() {}

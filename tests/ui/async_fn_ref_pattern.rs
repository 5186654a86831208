//~ UNDER Some(String::new()): `ref` in a pattern over a value that lives across an `.await`: bind the value with `let`
use std::future::ready;

#[bespoke::async_fn]
async fn f() {
    match Some(String::new()) {
        Some(ref s) => ready(s.len()).await,
        None => 0,
    };
}

fn main() {}

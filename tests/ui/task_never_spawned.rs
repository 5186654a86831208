//~ RUSTC UNDER f: function `f` is never used
#![deny(dead_code)]

#[bespoke::task(pool = 2)]
#[bespoke::async_fn]
async fn f() {}

fn main() {}

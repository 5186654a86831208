//~ UNDER NAMES: this might be a constant, whose copy would live across the `.await`: bind it, or a reference to it, with a `let` of its own, before
use std::future::ready;

const NAMES: [&str; 1] = ["a"];

#[bespoke::async_fn]
async fn f() {
    ready(NAMES.len()).await;
}

fn main() {}

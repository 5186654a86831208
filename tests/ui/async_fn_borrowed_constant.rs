//~ SAYS temporary value dropped while borrowed
use std::future::ready;

const NAMES: Vec<u8> = Vec::new();

#[bespoke::async_fn]
async fn f() {
    ready(NAMES.len()).await;
}

fn main() {}

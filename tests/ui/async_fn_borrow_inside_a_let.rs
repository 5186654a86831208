//~ UNDER &mut (g(&mut pair).0): what is borrowed here lives as long as the `let`, and so across an `.await`: bind it with a `let` of its own, before
//~ UNDER &String::new(): what is borrowed here lives as long as the `let`, and so across an `.await`: bind it with a `let` of its own, before
use std::future::ready;

#[bespoke::async_fn]
async fn f() -> usize {
    let pair = (&String::new(), 1);
    ready(()).await;
    pair.0.len()
}

fn g(pair: &mut (u8, u8)) -> &mut (u8, u8) {
    pair
}

#[bespoke::async_fn]
async fn h(mut pair: (u8, u8)) -> u8 {
    let n = &mut (g(&mut pair).0);
    ready(()).await;
    *n += 1;
    pair.0
}

fn main() {}

//~ SAYS let bindings cannot shadow constants
use std::future::ready;

#[allow(non_upper_case_globals)]
const one: u8 = 1;

#[bespoke::async_fn]
async fn f(n: u8) {
    match n {
        one => ready(()).await,
        _ => {}
    }
}

fn main() {}

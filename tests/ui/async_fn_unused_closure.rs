//~ UNDER _g: the trait bound `String: Copy` is not satisfied
//~ SAYS Unused::<T>::__bespoke_bind_it_again_with_a_let
// Of a closure rustc learns at the end of the function whether it can be copied.
use std::future::ready;

#[bespoke::async_fn]
async fn refused() -> usize {
    let s = String::from("a");
    let (_g, n) = ready((move |x: usize| s.len() + x, 1usize)).await;
    ready(()).await;
    n
}

#[bespoke::async_fn]
async fn bound_again() -> usize {
    let s = String::from("a");
    let (g, n) = ready((move |x: usize| s.len() + x, 1usize)).await;
    let _g = g;
    ready(()).await;
    n
}

fn main() {}

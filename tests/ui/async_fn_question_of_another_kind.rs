//~ SAYS `?` cannot make `u8`, which the `#[async_fn]` returns, of `Option<Infallible>`
use std::future::ready;

#[bespoke::async_fn]
async fn f() -> u8 {
    ready(Some(1_u8)).await?
}

fn main() {}

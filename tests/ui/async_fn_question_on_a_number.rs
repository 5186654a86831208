//~ SAYS the `?` operator cannot be applied to `u8` in an `#[async_fn]`
use std::future::ready;

#[bespoke::async_fn]
async fn f() -> Option<u8> {
    Some(ready(1_u8).await?)
}

fn main() {}

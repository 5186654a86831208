//~ RUSTC UNDER 1_u8: `u8` is not a future
#[bespoke::async_fn]
async fn f() -> u8 {
    1_u8.await
}

fn main() {}

//~ RUSTC UNDER `(first, second)`: expected `Ready<bool>` to be a future that resolves to `u8`, but it resolves to `bool`
use bespoke::future::race;
use std::future::Ready;

async fn any(first: Ready<u8>, second: Ready<bool>) {
    race((first, second)).await;
}

fn main() {
    let _ = any;
}

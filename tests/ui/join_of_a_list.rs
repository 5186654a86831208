//~ UNDER list: `Vec<std::future::Ready<u8>>` is not a tuple or an array of futures
use bespoke::future::join;
use std::future::Ready;

async fn all(list: Vec<Ready<u8>>) {
    join(list).await;
}

fn main() {
    let _ = all;
}

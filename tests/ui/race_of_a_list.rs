//~ UNDER list: `Vec<std::future::Ready<u8>>` is not a tuple or an array of futures with one type of output
use bespoke::future::race;
use std::future::Ready;

async fn any(list: Vec<Ready<u8>>) {
    race(list).await;
}

fn main() {
    let _ = any;
}

//~ UNDER list: `Vec<std::future::Ready<Result<u8, ()>>>` is not a tuple or an array of futures that may fail
use bespoke::future::try_join;
use std::future::Ready;

async fn all(list: Vec<Ready<Result<u8, ()>>>) -> Result<(), ()> {
    try_join(list).await?;
    Ok(())
}

fn main() {
    let _ = all;
}

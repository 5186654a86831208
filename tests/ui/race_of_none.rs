//~ BUILD
//~ SAYS a race of no futures would wait for ever
use bespoke::future::race;
use std::future::Ready;

async fn any(none: [Ready<u8>; 0]) -> u8 {
    race(none).await
}

#[bespoke::main]
async fn main() {
    any([]).await;
}

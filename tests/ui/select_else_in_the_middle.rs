//~ SAYS `else => handler` is the last branch of `select!`
use std::future::ready;

async fn first() -> u8 {
    bespoke::select! {
        one = ready(1) => one,
        else => 0,
        two = ready(2) => two,
    }
}

fn main() {
    let _ = first;
}

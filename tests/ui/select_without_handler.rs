//~ SAYS expected a branch of `select!`: `pattern = future => handler`
use std::future::ready;

async fn first() -> u8 {
    bespoke::select! {
        one = ready(1) => one,
        two = ready(2),
    }
}

fn main() {
    let _ = first;
}

//~ SAYS what is left of `Mine` might live across the `.await` in `else`: use `match`, and bind all of it
use std::future::ready;

enum Mine {
    Some(u8),
    Other,
}
use Mine::Some;

fn mine() -> Mine {
    if std::env::args().count() == 1 { Some(1) } else { Mine::Other }
}

#[bespoke::async_fn]
async fn f() {
    if let Some(n) = mine() {
        drop(n);
    } else {
        ready(()).await;
    }
}

fn main() {}

//~ SAYS a part of `Mine` might live across an `.await`: bind the value with a `let` of its own, before
use std::future::ready;

enum Mine {
    Some(u8),
    None,
}
use Mine::{None, Some};

fn mine() -> Mine {
    if std::env::args().count() == 1 { Some(1) } else { None }
}

#[bespoke::async_fn]
async fn f() {
    match mine() {
        Some(n) => drop(ready(n).await),
        None => {}
    }
}

fn main() {}

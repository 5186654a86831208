//~ UNDER keeps(&make()): if this makes a tuple struct, it keeps what is borrowed as long as the `let`, and so across an `.await`: bind what is borrowed with a `let` of its own, before
use std::future::ready;

#[allow(non_camel_case_types)]
struct keeps<'a>(&'a String);

fn make() -> String {
    String::from("made")
}

#[bespoke::async_fn]
async fn f() {
    let _kept = keeps(&make());
    ready(()).await;
}

fn main() {}

//~ UNDER (a, b): an argument of an `#[async_fn]` is a name: take it apart in the body, with `let`
#[bespoke::async_fn]
async fn f((a, b): (u8, u8)) -> u8 {
    a + b
}

fn main() {}

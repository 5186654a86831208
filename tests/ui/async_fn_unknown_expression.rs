//~ UNDER yield 1: `#[async_fn]` does not know this kind of expression: move it to a function of its own
#[bespoke::async_fn]
async fn f() {
    yield 1;
}

fn main() {}

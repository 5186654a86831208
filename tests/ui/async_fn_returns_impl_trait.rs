//~ UNDER impl Iterator<Item = u8>: an `#[async_fn]` returns a type that has a name, and not `impl Trait`: name it, box it, or use `#[async_fn(rustc)]`
#[bespoke::async_fn]
async fn f() -> impl Iterator<Item = u8> {
    0..3
}

fn main() {}

//~ UNDER T: `#[async_fn]` knows no generic parameters and lifetimes yet: write a function per type, or use `#[async_fn(rustc)]`
#[bespoke::async_fn]
async fn f<T>(t: T) -> T {
    t
}

fn main() {}

//~ UNDER Option<&str>: `#[async_fn]` knows only types without borrows here, and `&T` and `&mut T` as whole arguments: pass the value, or use `#[async_fn(rustc)]`
#[bespoke::async_fn]
async fn f(s: Option<&str>) -> usize {
    s.map_or(0, str::len)
}

fn main() {}

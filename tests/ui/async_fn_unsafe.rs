//~ UNDER unsafe: an `#[async_fn]` is neither `const` nor `unsafe` nor `extern`: wrap it in such a function
#[bespoke::async_fn]
async unsafe fn f() {}

fn main() {}

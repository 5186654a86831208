//~ UNDER select: expected up to sixteen branches, `pattern = future => handler` or `pattern = future, if condition => handler`, with a comma behind a handler that is no block, and perhaps `else => handler` at the end
use bespoke::select;
use std::future::ready;

#[bespoke::async_fn]
async fn f(x: String) -> usize {
    select! {
        () = ready(()), x.is_empty() => 1,
        n = ready(2) => n,
    }
}

fn main() {
    let _ = f;
}

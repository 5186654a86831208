//~ UNDER fn: a task is an `async fn`; if it has `#[bespoke::async_fn]`, write `#[bespoke::task]` above that
#[bespoke::async_fn]
#[bespoke::task(pool = 2)]
async fn f() {}

fn main() {
    let _ = f();
}

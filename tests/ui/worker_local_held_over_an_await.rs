//~ RUSTC UNDER await: `await` is only allowed inside `async` functions and blocks
use bespoke::Config;
use bespoke::task::WorkerLocal;
use std::cell::Cell;

struct App;

#[bespoke::config]
impl Config for App {}

static COUNT: WorkerLocal<Cell<u32>> = WorkerLocal::new(|| Cell::new(0));

#[bespoke::main(App)]
async fn main() {
    COUNT.with(|count| {
        count.set(1);
        App::yield_now().await;
        count.set(2);
    });
}

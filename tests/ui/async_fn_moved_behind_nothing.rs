//~ SAYS borrow of moved value: `name`
//~ SAYS as mutable because it is also borrowed as immutable
use std::convert::Infallible;
use std::future::pending;

async fn nothing() -> Infallible {
    pending().await
}

fn take(_: Infallible) {}

#[bespoke::async_fn]
async fn f(name: String) -> usize {
    let none = nothing().await;
    drop(name);
    take(none);
    name.len()
}

struct List(Vec<u8>);

#[bespoke::async_fn]
impl List {
    async fn f(&mut self) -> usize {
        let none = nothing().await;
        let first = &self.0[0];
        self.0.push(1);
        take(none);
        usize::from(*first)
    }
}

fn main() {}

//~ UNDER f: the future of this method borrows with several lifetimes, or holds type parameters, and the trait fixes which lifetimes a method has: give the trait's method one lifetime for all of its references, or use `#[async_fn(rustc)]` on this method
trait Find {
    async fn f(&self, key: &str) -> usize;
}

struct Table;

#[bespoke::async_fn]
impl Find for Table {
    async fn f(&self, key: &str) -> usize {
        key.len()
    }
}

fn main() {}

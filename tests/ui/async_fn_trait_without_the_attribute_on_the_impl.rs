//~ SAYS lifetime parameters or bounds on method `find` do not match the trait declaration
#[bespoke::async_fn]
trait Find {
    async fn find(&self, key: &str) -> usize;
}

struct Table;

impl Find for Table {
    async fn find(&self, key: &str) -> usize {
        key.len()
    }
}

fn main() {}

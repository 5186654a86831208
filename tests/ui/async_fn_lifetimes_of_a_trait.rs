//~ SAYS cannot find method or associated constant `async_fn_on_its_declaration` in trait `Find`
trait Find {
    async fn find(&self, key: &str) -> usize;
}

struct Table;

#[bespoke::async_fn]
impl Find for Table {
    async fn find(&self, key: &str) -> usize {
        key.len()
    }
}

fn main() {}

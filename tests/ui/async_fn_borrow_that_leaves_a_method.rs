//~ SAYS lifetime may not live long enough
struct Table {
    items: Vec<u8>,
}

#[bespoke::async_fn]
impl Table {
    async fn f(&self, other: &Table) -> &[u8] {
        &other.items
    }
}

fn main() {}

//~ SAYS as mutable because it is also borrowed as immutable
struct Table {
    items: Vec<u8>,
}

async fn pause() {}

#[bespoke::async_fn]
impl Table {
    async fn f(&mut self) -> u8 {
        let first = &self.items[0];
        pause().await;
        self.items.push(1);
        *first
    }
}

fn main() {}

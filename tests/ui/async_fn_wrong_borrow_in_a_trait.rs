//~ SAYS as mutable because it is also borrowed as immutable
async fn pause() {}

#[bespoke::async_fn]
trait Table {
    fn items(&mut self) -> &mut Vec<u8>;

    async fn f(&mut self, more: &[u8]) -> u8 {
        let items = self.items();
        let first = &items[0];
        pause().await;
        items.extend(more);
        *first
    }
}

fn main() {}

//~ SAYS `Rc<u8>` cannot be sent between threads safely
use std::future::ready;
use std::rc::Rc;

#[bespoke::async_fn]
trait Find {
    fn find(&self, key: &str) -> impl Future<Output = usize> + Send;
}

struct Table;

#[bespoke::async_fn]
impl Find for Table {
    async fn find(&self, key: &str) -> usize {
        let n = Rc::new(1u8);
        ready(()).await;
        key.len() + usize::from(*n)
    }
}

fn main() {}

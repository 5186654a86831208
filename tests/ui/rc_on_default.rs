//~ RUSTC UNDER drops(shared): future cannot be sent between threads safely
//~ SAYS the default config may move tasks between threads one day
use std::rc::Rc;

async fn drops(shared: Rc<i32>) {
    bespoke::task::yield_now().await;
    drop(shared);
}

#[bespoke::main]
async fn main() {
    let shared = Rc::new(1);
    bespoke::spawn(drops(shared));
}

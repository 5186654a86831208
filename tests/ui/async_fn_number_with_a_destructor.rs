//~ BUILD
//~ SAYS this type has a destructor: `#[async_fn]` took its name for that of a number
use std::future::{Future, ready};

#[allow(non_camel_case_types)]
struct u8(String);

#[bespoke::async_fn]
async fn f(n: u8) -> usize {
    ready(()).await;
    n.0.len()
}

fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(f(u8(String::new()))).poll(&mut context);
}

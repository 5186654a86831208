//~ UNDER #: an attribute inside the body of an `#[async_fn]` may change what the machine is made of: put it on the function, or move the code to a function of its own
use std::future::ready;

#[bespoke::async_fn]
async fn f() {
    #[cfg(unix)]
    ready(()).await;
}

fn main() {}

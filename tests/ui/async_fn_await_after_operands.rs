//~ UNDER list.push(ready(1).await): what is evaluated before this `.await` would have to wait for it, and cannot: bind the awaited value with a `let` of its own, before
//~ UNDER *a: what is evaluated before this `.await` would have to wait for it, and cannot: bind the awaited value with a `let` of its own, before
use std::future::ready;

#[bespoke::async_fn]
async fn f(mut list: Vec<u8>, a: Box<u8>) -> bool {
    list.push(ready(1).await);
    *a == ready(1).await
}

fn main() {}

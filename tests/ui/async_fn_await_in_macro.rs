//~ UNDER println: an `.await` inside a macro cannot be seen: bind its value before, with `let`
use std::future::ready;

#[bespoke::async_fn]
async fn f() {
    println!("{}", ready(1).await);
}

fn main() {}

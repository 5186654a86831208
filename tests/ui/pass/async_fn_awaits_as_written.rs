//! Of none of these rustc says anything in an `async fn`: parentheses and braces before an `.await`, and code behind an `.await` that
//! never gives a value.
#![deny(warnings)]

use std::convert::Infallible;
use std::future::{Ready, pending, ready};

#[bespoke::async_fn]
async fn in_parentheses(a: Ready<u8>, b: Ready<u8>, mut c: Ready<u8>) -> u8 {
    (a).await + { b }.await + (&mut c).await + (ready)(1).await
}

#[bespoke::async_fn]
async fn of_a_choice(first: bool, a: Ready<u8>, b: Ready<u8>) -> u8 {
    (if first { a } else { b }).await
}

#[bespoke::async_fn]
async fn of_a_part() -> u8 {
    (ready(1), 2).0.await + ({ ready(1) }).await + ((ready(1))).await
}

#[bespoke::async_fn]
async fn of_a_block() -> u8 {
    (async { 1 }).await + { async { 1 } }.await + (|| ready(1))().await
}

#[bespoke::async_fn]
async fn at_the_front(a: Ready<u8>, b: Ready<[u8; 2]>) -> bool {
    (a).await as usize == { b }.await[0].into()
}

#[bespoke::async_fn]
async fn or_else(a: Ready<Option<u8>>) -> u8 {
    let Some(n) = (a).await else { return 0 };
    n
}

macro_rules! awaited {
    ($name:ident, $awaited:expr) => {
        #[bespoke::async_fn]
        async fn $name() -> u8 {
            $awaited.await
        }
    };
}
awaited!(braces_of_a_macro, { ready(1) });
awaited!(parentheses_of_a_macro, (ready(1)));

async fn nothing() -> Infallible {
    pending().await
}

fn take(_: Infallible) {}

async fn forever() -> ! {
    pending().await
}

#[bespoke::async_fn]
async fn behind_nothing(name: &str) -> String {
    let kept = String::from(name);
    let mut count = 0;
    let none = nothing().await;
    count += 1;
    take(none);
    format!("{kept} {count}")
}

#[bespoke::async_fn]
async fn for_ever() {
    forever().await
}

struct Server(u8);

#[bespoke::async_fn]
impl Server {
    async fn behind_nothing(&mut self, by: u8) -> u8 {
        let none = nothing().await;
        self.0 += by;
        take(none);
        self.0
    }

    async fn for_ever(&mut self) -> u8 {
        self.0 += 1;
        forever().await
    }
}

fn main() {
    drop(in_parentheses(ready(1), ready(2), ready(3)));
    drop(of_a_choice(true, ready(1), ready(2)));
    drop(of_a_part());
    drop(of_a_block());
    drop(at_the_front(ready(1), ready([1, 2])));
    drop(or_else(ready(None)));
    drop(braces_of_a_macro());
    drop(parentheses_of_a_macro());
    drop(behind_nothing("a"));
    drop(for_ever());
    let mut server = Server(1);
    drop(server.behind_nothing(1));
    drop(server.for_ever());
}

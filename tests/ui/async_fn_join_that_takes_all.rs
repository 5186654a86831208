//~ RUSTC UNDER join: mismatched types
//~ SAYS this macro call doesn't expand to a type
use std::future::{Future, ready};

/// Takes whatever it is given, and does more than to join.
macro_rules! join {
    ($($all:tt)*) => {{
        println!("{}", stringify!($($all)*));
        bespoke::join!($($all)*)
    }};
}

fn look(x: &String) -> impl Future<Output = usize> {
    ready(x.len())
}

#[bespoke::async_fn]
async fn f(x: String) -> usize {
    let (a, b) = join!(look(&x), look(&x));
    a + b
}

fn main() {
    let _ = f;
}

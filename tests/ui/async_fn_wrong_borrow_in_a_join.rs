//~ RUSTC UNDER `&mut x`: cannot borrow `x` as mutable more than once at a time
use bespoke::join;

async fn grow(x: &mut String) {
    x.push('a');
}

#[bespoke::async_fn]
async fn f(mut x: String) -> String {
    join!(grow(&mut x), grow(&mut x));
    x
}

fn main() {
    let _ = f;
}

//~ UNDER join: expected futures, with commas between them: `#[async_fn]` reads what this macro awaits
use bespoke::join;

#[bespoke::async_fn]
async fn f(x: String) -> usize {
    join!(x; 2);
    x.len()
}

fn main() {
    let _ = f;
}

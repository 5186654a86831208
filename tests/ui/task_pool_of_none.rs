//~ UNDER 0: a pool has at least one place
#[bespoke::task(pool = 0)]
async fn f() {}

fn main() {
    let _ = f();
}

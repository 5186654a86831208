//~ UNDER size: unknown argument; `#[bespoke::task]` knows `pool = …` and `crate = …`
#[bespoke::task(size = 4)]
async fn f() {}

fn main() {
    let _ = f();
}

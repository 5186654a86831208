//~ UNDER #[bespoke::task]: a task in a pool is aligned to at most 128 bytes, and the future of this one to more
#[repr(align(256))]
struct Large(#[expect(dead_code)] u8);

#[bespoke::task]
async fn f(large: Large) {
    bespoke::yield_now().await;
    drop(large);
}

fn main() {
    let _ = f(Large(1));
}

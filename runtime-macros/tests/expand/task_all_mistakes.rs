#[bespoke::task(size = 4, pool = 0)]
fn f<T>(self, of: impl Copy) -> ! {}

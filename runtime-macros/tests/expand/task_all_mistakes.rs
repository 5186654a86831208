#[bespoke::task(size = 4, pool = 0)]
async unsafe fn f<T>(self, of: impl Copy) -> ! {}

//~ SAYS expected `Begun`, found `()`
trait Mine: Sized {
    fn __bespoke_begin(self, _: *mut std::future::Ready<Vec<u8>>, _: *mut ()) {}
}

impl<T> Mine for T {}

#[bespoke::async_fn]
async fn nothing_in_its_place() -> Vec<u8> {
    std::future::ready(vec![1]).await
}

fn main() {}

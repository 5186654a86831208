//~ UNDER work: the future of this method may borrow what `Self` holds, so `Self` must outlive a lifetime that the trait knows, too: name one, here and in the trait, as `async fn f<'a>(self) where Self: 'a`, or use `#[async_fn(rustc)]` on this method
//~ UNDER again: the future of this method may borrow what `Self` holds, so `Self` must outlive a lifetime that the trait knows, too: name one, here and in the trait, as `async fn f<'a>(self) where Self: 'a`, or use `#[async_fn(rustc)]` on this method
#[bespoke::async_fn]
trait Work {
    async fn work(self);

    async fn again(self)
    where
        Self: Sized,
    {
    }
}

struct Job<T>(T);

#[bespoke::async_fn]
impl<T> Work for Job<T> {
    async fn work(self) {}
}

fn main() {}

//~ SAYS lifetime parameters or bounds on method `work` do not match the trait declaration
trait Work {
    async fn work(self);
}

struct Job<T>(T);

impl<T> Work for Job<T> {
    #[bespoke::async_fn]
    async fn work(self) {}
}

fn main() {}

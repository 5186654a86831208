//~ UNDER twice: this macro may use `self` as it likes: give it a local of its own, as `let this = &self;`
macro_rules! twice {
    ($n:expr) => {
        2 * $n
    };
}

struct S(u8);

#[bespoke::async_fn]
impl S {
    async fn f(&self) -> u8 {
        twice!(self.0)
    }
}

fn main() {}

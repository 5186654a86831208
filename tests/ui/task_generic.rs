//~ UNDER T: a task has no generic parameters, and no `impl Trait` arguments: its pool is one `static`, of one size
#[bespoke::task]
async fn f<T>(_t: T) {}

fn main() {}

#[bespoke::main(workers = 4)]
fn main<T>(a: T) -> T {
    a
}

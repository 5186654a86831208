//! No runtime: what every Rust program has.

fn main() {
    println!("hello");
}

//~ SAYS `async_fn_size!` takes the path of a function with at most twelve arguments, and `u8` is none
const SIZE: usize = bespoke::async_fn_size!(3u8);

fn main() {
    println!("{SIZE}");
}

//~ UNDER #[cfg(unix)]: an argument of a task does not come and go, as the function is there twice: put the `#[cfg]` on the function
#[bespoke::task]
async fn f(#[cfg(unix)] _at: u8) {}

fn main() {}

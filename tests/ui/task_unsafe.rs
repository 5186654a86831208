//~ UNDER unsafe: a task is a plain `async fn`: what is unsafe, or called by other languages, spawns it
#[bespoke::task]
async unsafe fn f() {}

fn main() {}

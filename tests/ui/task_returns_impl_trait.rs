//~ UNDER Copy: what a task yields has a name, and is not `impl Trait`: name it, or box it
#[bespoke::task]
async fn f() -> impl Copy {}

fn main() {}

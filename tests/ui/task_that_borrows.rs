//~ UNDER &str: a task outlives whoever spawns it, so it cannot borrow from there: take something owned, or a `&'static`
#[bespoke::task]
async fn f(_name: &str) {}

fn main() {}

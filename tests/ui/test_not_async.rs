//~ UNDER fn: the function must be `async fn`
#[bespoke::test]
fn adds_up() {}

fn main() {}

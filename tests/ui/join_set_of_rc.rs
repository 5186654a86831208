//~ RUSTC UNDER spawn: future cannot be sent between threads safely
use bespoke::JoinSet;
use std::rc::Rc;

#[bespoke::main]
async fn main() {
    let shared: Rc<i32> = Rc::new(1);
    let mut set = JoinSet::new();
    let other = shared.clone();
    set.spawn(async move { drop(other) });
}

//~ RUSTC UNDER task::<C>(): future cannot be sent between threads safely
//~ SAYS // `C` may be work-stealing. To spawn futures that are not `Send`: `C: LocalConfig`
use bespoke::prelude::*;
use std::rc::Rc;
use std::time::Duration;

async fn task<C: Config>() {
    let rc = Rc::new(1);
    C::sleep(Duration::ZERO).await;
    drop(rc);
}

fn start<C: Config>() {
    C::spawn(task::<C>());
}

fn main() {
    start::<bespoke::preset::Default>();
}

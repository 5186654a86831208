//~ RUSTC UNDER C::spawn(future): future cannot be sent between threads safely
//~ SAYS // `C` may be work-stealing. To spawn futures that are not `Send`: `C: LocalConfig`
use bespoke::prelude::*;
use bespoke::scheduler::SingleThread;
use std::rc::Rc;

fn start<C: Config<Scheduler = SingleThread>>() {
    let rc = Rc::new(1);
    let future = async move {
        C::yield_now().await;
        drop(rc);
    };
    C::spawn(future);
}

fn main() {
    start::<bespoke::preset::Default>();
}

//~ RUSTC UNDER C::try_spawn(future): future cannot be sent between threads safely
//~ SAYS // `C` may be work-stealing. To spawn futures that are not `Send`: `C: LocalConfig`
use bespoke::prelude::*;
use std::rc::Rc;
use std::time::Duration;

fn start<C: Config>() {
    let future = async {
        let rc = Rc::new(1);
        C::sleep(Duration::ZERO).await;
        drop(rc);
    };
    let _ = C::try_spawn(future);
}

fn main() {
    start::<bespoke::preset::Default>();
}

//~ RUSTC UNDER _: future cannot be sent between threads safely
//~ CORE
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::prelude::*;
use bespoke::rt::Spawnable;
use bespoke::scheduler::{Local, Shared, Sharing};
use bespoke_core::scheduler::ThreadPerTask;
use std::rc::Rc;

struct Waits;
impl Driver for Waits {
    type Live<S: Sharing> = <Mio as Driver>::Live<Local>;
    const NAME: &'static str = "waits";
    const CAPS: Caps = Caps::BLOCKING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}
impl Under<Shared> for Waits {}

struct Server;

#[bespoke::config]
impl Config for Server {
    type Scheduler = ThreadPerTask;
    type Driver = Waits;
}

fn serve<C: Config, F: Spawnable<C, Output = ()>>(handler: impl Fn() -> F) {
    handler().start();
}

async fn handle() {
    let rc = Rc::new(1);
    Server::yield_now().await;
    drop(rc);
}

fn main() {
    serve::<Server, _>(handle);
}

//~ RUSTC UNDER task(): future cannot be sent between threads safely
//~ CORE
use bespoke::Config;
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::scheduler::{Local, Shared, Sharing};
use bespoke_core::scheduler::ThreadPerTask;
use std::rc::Rc;
use std::time::Duration;

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

async fn task() {
    let rc = Rc::new(1);
    Server::sleep(Duration::ZERO).await;
    drop(rc);
}

fn main() {
    Server::spawn(task());
}

//~ UNDER Server: the scheduler of `Server` moves tasks between threads
//~ CORE
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::scheduler::{Local, Shared, Sharing};
use bespoke::{Config, LocalConfig};
use bespoke_core::scheduler::ThreadPerTask;

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

fn serve_alone<C: LocalConfig>() {}

fn main() {
    serve_alone::<Server>();
}

//~ UNDER Ring<3>: Ring<ENTRIES>: the number of entries must be even
//~ CORE
use bespoke::Config;
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::scheduler::{Local, Sharing};

struct Ring<const ENTRIES: u32>;
impl<const ENTRIES: u32> Driver for Ring<ENTRIES> {
    type Live<S: Sharing> = <Mio as Driver>::Live<Local>;
    const NAME: &'static str = "ring";
    const CAPS: Caps = Caps::SUSPENDING;
    const CHECK: Option<&'static str> =
        if ENTRIES % 2 == 0 { None } else { Some("Ring<ENTRIES>: the number of entries must be even") };
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}
impl<const ENTRIES: u32> Under<Local> for Ring<ENTRIES> {}

struct App;

#[bespoke::config]
impl Config for App {
    type Driver = Ring<3>;
}

fn main() {}

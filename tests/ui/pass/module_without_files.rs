//~ CORE
#![deny(warnings)]

use bespoke::Config;
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::scheduler::{Local, Sharing};

/// A driver with neither files nor sockets: its config has a module all the same.
pub struct Dry;

impl Driver for Dry {
    type Live<S: Sharing> = <Mio as Driver>::Live<Local>;
    const NAME: &'static str = "dry";
    const CAPS: Caps = Caps::SUSPENDING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}

impl Under<Local> for Dry {}

pub struct App;

#[bespoke::config(module = pub app)]
impl Config for App {
    type Driver = Dry;
}

fn main() {
    let _ = app::time::now;
}

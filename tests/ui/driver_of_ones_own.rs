//~ RUSTC UNDER impl Driver for Mine: missing: `DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0`
use bespoke::driver::{Caps, Driver, Mio};
use bespoke::scheduler::Sharing;

struct Mine;
impl Driver for Mine {
    type Live<S: Sharing> = <Mio as Driver>::Live<S>;
    const NAME: &'static str = "mine";
    const CAPS: Caps = Caps::SUSPENDING;
}

fn main() {}

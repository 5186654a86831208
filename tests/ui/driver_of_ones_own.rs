//~ RUSTC UNDER impl Driver for Mine: missing: `DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0`
use bespoke::driver::{Caps, Driver};

struct Mine;
impl Driver for Mine {
    const NAME: &'static str = "mine";
    const CAPS: Caps = Caps::SUSPENDING;
}

fn main() {}

//~ UNDER C: the driver `<C as bespoke::Config>::Driver` cannot wait for the system's descriptors
use bespoke::prelude::*;
use bespoke::rt::{SignalKind, signal};

fn listen<C: Config>() {
    let _ = signal::<C>(SignalKind::interrupt());
}

fn main() {
    listen::<bespoke::preset::Default>();
}

//~ UNDER open_receiver: the driver `<C as bespoke::Config>::Driver` has no pipes
use bespoke::prelude::*;
use bespoke::rt::pipe;

fn open<C: Config<Driver: Net>>() {
    let _ = pipe::OpenOptions::<C>::new().open_receiver("path");
}

fn main() {
    open::<bespoke::preset::Default>();
}

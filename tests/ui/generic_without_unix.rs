//~ UNDER UnixStream::<C>::pair(): the driver `<C as bespoke::Config>::Driver` has no Unix sockets
use bespoke::prelude::*;
use bespoke::rt::UnixStream;

fn pair<C: Config<Driver: Net>>() {
    let _ = UnixStream::<C>::pair();
}

fn main() {
    pair::<bespoke::preset::Default>();
}

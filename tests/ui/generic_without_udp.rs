//~ UNDER UdpSocket::<C>::bind("127.0.0.1:0"): the driver `<C as bespoke::Config>::Driver` has no UDP sockets
use bespoke::prelude::*;
use bespoke::rt::UdpSocket;

fn bind<C: Config<Driver: Net>>() {
    drop(UdpSocket::<C>::bind("127.0.0.1:0"));
}

fn main() {
    bind::<bespoke::preset::Default>();
}

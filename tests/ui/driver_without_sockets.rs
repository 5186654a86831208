//~ UNDER TcpStream::<App>::connect("localhost:80"): the driver `Dry` has no sockets
//~ CORE
use bespoke::Config;
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::rt::TcpStream;
use bespoke::scheduler::{Local, Sharing};

struct Dry;
impl Driver for Dry {
    type Live<S: Sharing> = <Mio as Driver>::Live<Local>;
    const NAME: &'static str = "dry";
    const CAPS: Caps = Caps::SUSPENDING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}
impl Under<Local> for Dry {}

struct App;

#[bespoke::config]
impl Config for App {
    type Driver = Dry;
}

fn main() {
    let _connecting = TcpStream::<App>::connect("localhost:80");
}

//~ UNDER TcpStream::<App>::connect("localhost:80"): the driver `Dry` has no sockets
use bespoke::Config;
use bespoke::driver::{Caps, Driver, Mio, Under};
use bespoke::rt::TcpStream;
use bespoke::scheduler::Local;

struct Dry;
impl Driver for Dry {
    const NAME: &'static str = "dry";
    const CAPS: Caps = Caps::SUSPENDING;
}
impl Under<Local> for Dry {
    type Live = <Mio as Under<Local>>::Live;
}

struct App;

#[bespoke::config]
impl Config for App {
    type Driver = Dry;
}

fn main() {
    let _connecting = TcpStream::<App>::connect("localhost:80");
}

//~ UNDER Mio<Epoll>: `Epoll` is no way to wait for readiness
use bespoke::Config;
use bespoke::driver::Mio;

struct Epoll;
struct App;

#[bespoke::config]
impl Config for App {
    type Driver = Mio<Epoll>;
}

fn main() {}

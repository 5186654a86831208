//~ UNDER ThreadPerTask: the scheduler thread-per-task gives every task a thread, for drivers whose operations block it, but the driver mio suspends tasks instead
use bespoke::Config;
use bespoke::driver::Mio;
use bespoke::scheduler::ThreadPerTask;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = ThreadPerTask;
    type Driver = Mio;
}

fn main() {}

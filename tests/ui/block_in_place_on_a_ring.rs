//~ BUILD
//~ SAYS nothing can block in place where the driver stays on the thread of its worker, as a ring does, that of `preset::Server`, too
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = bespoke::scheduler::WorkStealing<2>;
    type Driver = bespoke::driver::IoUring;
}

fn main() {
    println!("{}", App::block_in_place(|| 2));
}

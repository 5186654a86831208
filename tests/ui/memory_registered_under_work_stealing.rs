//~ UNDER app::io::Registration::of(&pool): memory cannot be registered with the driver `IoUring` under a scheduler whose tasks are `Moving`
use bespoke::io::BufferPool;
use bespoke::Config;

struct App;

#[bespoke::config(module = app)]
impl Config for App {
    type Scheduler = bespoke::scheduler::WorkStealing<2>;
    type Driver = bespoke::driver::IoUring;
}

fn main() {
    let pool = BufferPool::new(1 << 20).unwrap();
    let _registration = app::io::Registration::of(&pool);
}

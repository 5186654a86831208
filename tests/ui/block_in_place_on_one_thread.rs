//~ UNDER App::block_in_place(|| 2): the scheduler `SingleThread` cannot hand a worker over to another thread
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {}

fn main() {
    println!("{}", App::block_in_place(|| 2));
}

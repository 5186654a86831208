//~ UNDER Bare<Board>: `Bare<Board>` cannot be the driver under a scheduler whose tasks are `Shared`
//~ CORE
use bespoke_core::driver::Bare;
use bespoke_core::roles::Nanos;

struct Board;

// SAFETY: a program that does not compile.
unsafe impl bespoke_core::roles::Board for Board {
    const NAME: &'static str = "board";
    fn is_elsewhere() -> bool {
        true
    }
    fn wait(_: Option<Nanos>) {}
    fn wake() {}
    fn mask() -> bool {
        true
    }
    fn unmask(_: bool) {}
}

struct App;

#[bespoke::config(base = bespoke::preset::PerCore)]
impl bespoke::Config for App {
    type Driver = Bare<Board>;
}

fn main() {}

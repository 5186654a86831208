//~ UNDER Bare<Led>: `Led` is not a board
//~ CORE
use bespoke_core::driver::Bare;

struct Led;

struct App;

#[bespoke::config]
impl bespoke::Config for App {
    type Driver = Bare<Led>;
}

fn main() {}

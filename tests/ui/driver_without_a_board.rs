//~ UNDER Default: the driver `Mio` is not for programs without `std`
//~ CORE
use bespoke::Config;
use bespoke::preset::Default;
use bespoke_core::roles::OnBoard;

fn start<C: Config<Driver: OnBoard>>() {}

fn main() {
    start::<Default>();
}

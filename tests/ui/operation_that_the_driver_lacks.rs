//~ UNDER App: the driver `Mio` cannot perform the operation `Splice`
//~ CORE
use bespoke::Config;
use bespoke::rt::{Op, Submit};
use bespoke_core::driver::{Errno, Late};

struct Splice;
// SAFETY: points at no memory.
unsafe impl Op for Splice {
    type Output = ();
    const NAME: &'static str = "splice";
    const LATE: Late = Late::Forget;
    fn about(&mut self) -> Option<&mut bespoke_core::roles::Resource> {
        None
    }
    fn refused(_: Errno) {}
}

struct App;

#[bespoke::config]
impl Config for App {}

fn needs<C: Config<Driver: Submit<Splice>>>() {}

fn main() {
    needs::<App>();
}

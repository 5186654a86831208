//~ BUILD
#![deny(warnings)]

use bespoke::memory::Fixed;
use bespoke::scheduler::SingleThread;
use bespoke::{Builder, Built, Runtime, driver::Mio};

type App = Built<SingleThread, Mio, Fixed<65536>>;

fn main() {
    let runtime: Runtime<App> =
        Builder::<1>::new().scheduler::<SingleThread>().driver::<Mio>().memory::<Fixed<65536>>().build().unwrap();
    runtime.block_on(async { App::spawn(async {}).await.unwrap() });
}

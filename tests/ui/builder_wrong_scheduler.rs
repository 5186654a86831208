//~ UNDER Mio: `Mio` is not a scheduler
use bespoke::Builder;
use bespoke::driver::Mio;

fn main() {
    let _runtime = Builder::<1>::new().scheduler::<Mio>().mio().build();
}

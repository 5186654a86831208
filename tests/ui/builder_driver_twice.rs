//~ UNDER driver: the I/O driver is chosen already
use bespoke::Builder;
use bespoke::driver::Mio;

fn main() {
    let _runtime = Builder::<1>::new().mio().driver::<Mio>().build();
}

//~ UNDER pooled: the memory strategy is chosen already
use bespoke::Builder;

fn main() {
    let _runtime = Builder::<1>::new().mio().memory::<bespoke::memory::System>().pooled().build();
}

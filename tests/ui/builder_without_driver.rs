//~ UNDER build: the runtime has no I/O driver yet
use bespoke::Builder;

fn main() {
    let _runtime = Builder::<1>::new().pooled().build();
}

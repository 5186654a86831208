//~ BUILD
//~ SAYS the budget is 64 B; largest part:
use bespoke::Builder;
use bespoke::memory::Fixed;

fn main() {
    let _runtime = Builder::<1>::new().mio().memory::<Fixed<64>>().build();
}

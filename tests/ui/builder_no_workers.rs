//~ UNDER Builder::<0>::new(): a runtime has 1 to 1024 workers, this one asks for another number
use bespoke::Builder;

fn main() {
    let _runtime = Builder::<0>::new().mio().build();
}

//~ UNDER Builder::<0>::new(): a runtime has one worker for now, this one asks for another number
use bespoke::Builder;

fn main() {
    let _runtime = Builder::<0>::new().mio().build();
}

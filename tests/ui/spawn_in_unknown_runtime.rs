//~ UNDER handler: `F` cannot be spawned by a runtime that is not known here
use bespoke::prelude::*;

fn each<C: Config, F: Future<Output = ()> + 'static>(handler: F) {
    use bespoke::rt::Spawnable;
    Spawnable::<C>::start(handler);
}

fn main() {
    each::<bespoke::preset::Default, _>(async {});
}

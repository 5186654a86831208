//~ BUILD
//~ SAYS the places are those of another future
use bespoke::__private::places::{Align, Aligned, Places};
use bespoke::task::{Pool, StaticTask};

struct Small;

impl Pool for Small {
    type Store = Places<<Align<8> as Aligned>::Unit, 64, 1>;
    const NAME: &'static str = "small";
    fn store() -> &'static Self::Store {
        static STORE: <Small as Pool>::Store = Places::new();
        &STORE
    }
}

#[bespoke::main]
async fn main() {
    let task = StaticTask::<_, Small>::new(core::future::ready([0_u8; 100]));
    drop(bespoke::spawn_task(task));
}

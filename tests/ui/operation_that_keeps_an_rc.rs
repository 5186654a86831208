//~ RUSTC UNDER Operation<Default, Nop, Rc<Vec<u8>>>: `Rc<Vec<u8>>` cannot be sent between threads safely
//~ CORE
use bespoke::preset::Default;
use bespoke::rt::Operation;
use bespoke_core::driver::Nop;
use std::rc::Rc;

fn keep(_operation: Operation<Default, Nop, Rc<Vec<u8>>>) {}

fn main() {
    let _ = keep;
}

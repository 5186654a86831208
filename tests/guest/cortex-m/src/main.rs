//! What of bespoke runs without an operating system and without `std`, on a Cortex-M4: each check panics if it fails, and
//! the emulator ends with the status of the program.
//!
//! | file | checks |
//! |---|---|
//! | `heap` | `Fixed` as the allocator of the whole program: every other check runs on it |
//! | `wheel` | the timer wheel against a sorted map, at 64-bit deadlines on a 32-bit machine |
//! | `slab` | slots whose addresses never move |
//! | `board` | a config of this board: its rules, `INFO`, a memory budget, a clock that is moved by hand |
//!
//! There is no runtime without `std` yet, so no task runs here.
#![no_std]
#![no_main]

extern crate alloc;

mod board;
mod heap;
mod random;
mod slab;
mod wheel;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};

#[entry]
fn main() -> ! {
    let checks: [(&str, fn()); 4] =
        [("heap", heap::check), ("slab", slab::check), ("wheel", wheel::check), ("board", board::check)];
    for (name, check) in checks {
        check();
        hprintln!("{}: ok", name);
    }
    heap::assert_empty();
    hprintln!("all {} checks passed", checks.len());
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("the emulator has ended")
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}

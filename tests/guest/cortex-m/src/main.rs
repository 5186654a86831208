//! What of bespoke runs without an operating system and without `std`, on a Cortex-M4: each check panics if it fails, and
//! the emulator ends with the status of the program.
//!
//! | file | checks |
//! |---|---|
//! | `heap` | `Fixed` as the allocator of the whole program: every other check runs on it |
//! | `wheel` | the timer wheel against a sorted map, at 64-bit deadlines on a 32-bit machine |
//! | `slab` | slots whose addresses never move |
//! | `board` | a config of this board: its rules, `INFO`, a memory budget, a clock that is moved by hand |
//! | `tasks` | tasks of a runtime: spawned, joined, aborted; they sleep, yield, and talk through channels |
//! | `pool` | tasks in statics of their size, while the heap refuses every block; what worker and tasks take |
//! | `interrupt` | 1,000 interrupts, each of which wakes a task, none lost; handlers that use locks and spawn |
//!
//! `mps2` is the board: how it sleeps, and what time it is.
#![no_std]
#![no_main]

extern crate alloc;

mod board;
mod heap;
mod interrupt;
mod mps2;
mod pool;
mod random;
mod slab;
mod tasks;
mod wheel;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};

#[entry]
fn main() -> ! {
    mps2::start();
    let checks: [(&str, fn()); 7] = [
        ("heap", heap::check),
        ("slab", slab::check),
        ("wheel", wheel::check),
        ("board", board::check),
        ("tasks", tasks::check),
        ("pool", pool::check),
        ("interrupt", interrupt::check),
    ];
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

//! A runtime in a child that was forked from its process: it is a copy, and no runtime.
//!
//! `fork(2)` copies the memory of a process and one of its threads. What it leaves out or shares is what a runtime is made of:
//! the other threads are missing, and the descriptors, the driver's among them, name the same open files as those of the
//! parent. So a copy says that it is one, and is left alone when it is dropped: it closes nothing, waits for nobody, and drops no
//! task.
//!
//! Who asks is whoever is about to wait, or to hand something to another thread or to the driver: the parking worker,
//! `block_on`, spawns from elsewhere, adopted resources, and close. Nothing that is done thousands of times a
//! second asks.

use super::Common;
use crate::config::Config;
use crate::roles::Driver;

impl<C: Config> Common<C> {
    /// Was the process forked since the runtime was started?
    #[inline]
    pub(crate) fn is_copy(&self) -> bool {
        <C::Driver as Driver>::forks() != self.forks
    }

    /// # Panics
    /// In a copy.
    #[inline]
    pub(crate) fn assert_no_copy(&self) {
        if self.is_copy() {
            refuse(C::NAME);
        }
    }
}

#[cold]
#[inline(never)]
fn refuse(name: &str) -> ! {
    panic!(
        "the runtime `{name}` was started before this process was forked, so it is a copy: its threads are missing here, and its \
         driver is the parent's; in a forked child start another runtime, or execute a program"
    )
}

//! The interrupt key of the console, Ctrl-C.
//!
//! The system calls handlers on a thread of its own making, one event at a time. Ours says "treated" to Ctrl-C, which takes
//! the default action away, the end of the process; every other event goes on to the next handler.
//!
//! # Invariants
//! 1. `HEARD` is set before the handler is in place, and never changes.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;

use bespoke_core::driver::Errno;
use windows_sys::Win32::System::Console::{CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::core::BOOL;

use super::call::check_nonzero;

static HEARD: OnceLock<fn()> = OnceLock::new();
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Calls `heard` for each Ctrl-C from now on, on a thread of the system's. `SetConsoleCtrlHandler`.
///
/// Any thread, any number of times; only the first counts, and its `heard` is the process's. It must not panic.
pub(crate) fn install(heard: fn()) -> Result<(), Errno> {
    if INSTALLED.load(Ordering::Acquire) {
        return Ok(());
    }
    HEARD.get_or_init(|| heard);
    // Two threads here at once both go on: the handler is listed twice then, and who treats an event ends its way.
    // SAFETY: the handler may be called from any thread from now on, for ever.
    check_nonzero(unsafe { SetConsoleCtrlHandler(Some(on_event), 1) })?;
    INSTALLED.store(true, Ordering::Release);
    Ok(())
}

/// The handler.
extern "system" fn on_event(event: u32) -> BOOL {
    match HEARD.get() {
        Some(heard) if event == CTRL_C_EVENT => {
            heard();
            1
        }
        _ => 0,
    }
}

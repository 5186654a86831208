//! Sleeps until deadlines, with nobody between the thread and the kernel: no tasks, no timers.
//!
//! What is left is what the machine asks for a sleep that ends and for the next one that begins. As `preset::Default` does, the thread
//! sleeps until some time after the next deadline; what is due by then is late together.

use core::time::Duration;
use std::{io, ptr};

use harness::{Refusal, Row, Runner, Sampled, rows};

/// `clock_nanosleep(2)`.
struct Naps;

/// How long after the next deadline: as late as `preset::Default` is by itself.
const SLACK: Duration = Duration::from_micros(125);

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Naps))
}

impl Runner for Naps {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::naps(row, amount, SLACK, nap).unwrap_or(Err(Refusal::Absent))
    }
}

fn nap(duration: Duration) {
    let time = libc::timespec {
        tv_sec: libc::time_t::try_from(duration.as_secs()).expect("no deadline is years away"),
        tv_nsec: duration.subsec_nanos().into(),
    };
    // SAFETY: `time` is alive over the call; what is left of an interrupted sleep is asked of the clock instead.
    let rc = unsafe { libc::clock_nanosleep(libc::CLOCK_MONOTONIC, 0, &raw const time, ptr::null_mut()) };
    assert!(rc == 0 || rc == libc::EINTR, "clock_nanosleep: {}", io::Error::from_raw_os_error(rc));
}

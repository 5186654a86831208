//! What a driver says of itself, for a log: what the kernel has granted of what was asked for.

use super::ring::Ring;

/// Something that was asked for beside the ring.
#[derive(Clone, Copy)]
enum Asked {
    Not,
    Granted,
    Denied,
}

impl Asked {
    fn of(asked: bool, granted: bool) -> Asked {
        match (asked, granted) {
            (false, _) => Asked::Not,
            (true, true) => Asked::Granted,
            (true, false) => Asked::Denied,
        }
    }
}

/// The text, and behind it what is to be said of wakes, and of sends.
macro_rules! told {
    ($woken:expr, $sends:expr, $text:expr) => {
        match $woken {
            Asked::Not => told!($sends, $text),
            Asked::Granted => told!($sends, concat!($text, "; woken by messages")),
            Asked::Denied => told!($sends, concat!($text, "; not woken by messages, which need Linux 6.13")),
        }
    };
    ($sends:expr, $text:expr) => {
        match $sends {
            Asked::Not => $text,
            Asked::Granted => concat!($text, "; large writes are sent without a copy"),
            Asked::Denied => concat!($text, "; large writes are copied: to send without a copy needs Linux 6.1"),
        }
    };
}

/// By what the driver does its work. `by_message`: it is woken by messages. `zero_copy`: the kernel sends without a copy.
pub(super) fn by(ring: &Ring, by_message: bool, zero_copy: bool) -> &'static str {
    let (flags, asked) = (ring.flags(), ring.settings());
    let woken = Asked::of(asked.wakes_by_message, by_message);
    let sends = Asked::of(asked.zero_copy.is_some(), zero_copy);
    let not_in_batches = asked.batch.is_some() && ring.batch().is_none();
    match (flags.sq_poll, flags.defer_taskrun, flags.coop_taskrun) {
        (true, ..) => told!(sends, "a ring whose entries a thread of the kernel's takes"),
        _ if ring.batch().is_some() => told!(
            woken,
            sends,
            "a ring of one issuer whose completions are deferred to its own calls, and end a sleep in batches"
        ),
        (_, true, _) if not_in_batches => told!(
            woken,
            sends,
            "a ring of one issuer whose completions are deferred to its own calls; not in batches, which need Linux 6.12"
        ),
        (_, _, true) if not_in_batches => told!(
            woken,
            sends,
            "a ring whose completions wait for a call of its thread; not in batches, which need Linux 6.12"
        ),
        _ if not_in_batches => {
            told!(woken, sends, "a ring whose completions interrupt its thread; not in batches, which need Linux 6.12")
        }
        (_, true, _) => told!(woken, sends, "a ring of one issuer whose completions are deferred to its own calls"),
        (_, _, true) => told!(woken, sends, "a ring whose completions wait for a call of its thread"),
        _ => told!(woken, sends, "a ring whose completions interrupt its thread"),
    }
}

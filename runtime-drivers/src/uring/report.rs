//! What a driver says of itself, for a log: what the kernel has granted of what was asked for.

use super::ring::Ring;

/// How a worker is woken from other threads.
enum Woken {
    AsUsual,
    ByMessage,
    /// Messages were asked for.
    NotByMessage,
}

/// The text, and what is to be said of wakes behind it.
macro_rules! woken {
    ($woken:expr, $text:literal) => {
        match $woken {
            Woken::AsUsual => $text,
            Woken::ByMessage => concat!($text, "; woken by messages"),
            Woken::NotByMessage => concat!($text, "; not woken by messages, which need Linux 6.13"),
        }
    };
}

/// By what the driver does its work. `by_message`: it is woken by messages.
pub(super) fn by(ring: &Ring, by_message: bool) -> &'static str {
    let (flags, asked) = (ring.flags(), ring.settings());
    let woken = match (by_message, asked.wakes_by_message) {
        (true, _) => Woken::ByMessage,
        (false, true) => Woken::NotByMessage,
        (false, false) => Woken::AsUsual,
    };
    let not_in_batches = asked.batch.is_some() && ring.batch().is_none();
    match (flags.sq_poll, flags.defer_taskrun, flags.coop_taskrun) {
        (true, ..) => "a ring whose entries a thread of the kernel's takes",
        _ if ring.batch().is_some() => woken!(
            woken,
            "a ring of one issuer whose completions are deferred to its own calls, and end a sleep in batches"
        ),
        (_, true, _) if not_in_batches => woken!(
            woken,
            "a ring of one issuer whose completions are deferred to its own calls; not in batches, which need Linux 6.12"
        ),
        (_, _, true) if not_in_batches => woken!(
            woken,
            "a ring whose completions wait for a call of its thread; not in batches, which need Linux 6.12"
        ),
        _ if not_in_batches => {
            woken!(woken, "a ring whose completions interrupt its thread; not in batches, which need Linux 6.12")
        }
        (_, true, _) => woken!(woken, "a ring of one issuer whose completions are deferred to its own calls"),
        (_, _, true) => woken!(woken, "a ring whose completions wait for a call of its thread"),
        _ => woken!(woken, "a ring whose completions interrupt its thread"),
    }
}

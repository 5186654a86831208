//! What a driver says of itself, for a log: what the kernel has granted of what was asked for.

use super::ring::Ring;

/// By what the driver does its work.
pub(super) fn by(ring: &Ring) -> &'static str {
    let flags = ring.flags();
    let asks_for_batches = ring.settings().batch.is_some();
    match (flags.sq_poll, flags.defer_taskrun, flags.coop_taskrun) {
        (true, ..) => "a ring whose entries a thread of the kernel's takes",
        _ if ring.batch().is_some() => {
            "a ring of one issuer whose completions are deferred to its own calls, and end a sleep in batches"
        }
        (_, true, _) if asks_for_batches => {
            "a ring of one issuer whose completions are deferred to its own calls; not in batches, which need Linux 6.12"
        }
        (_, _, true) if asks_for_batches => {
            "a ring whose completions wait for a call of its thread; not in batches, which need Linux 6.12"
        }
        _ if asks_for_batches => "a ring whose completions interrupt its thread; not in batches, which need Linux 6.12",
        (_, true, _) => "a ring of one issuer whose completions are deferred to its own calls",
        (_, _, true) => "a ring whose completions wait for a call of its thread",
        _ => "a ring whose completions interrupt its thread",
    }
}

//! How large are the futures that a program holds?
//!
//! Measured: `size_of` of a sleep and of a yield, as each peer's file calls them, of its join handle, and of the future //! that serves one TCP connection with its buffer on the heap. Not measured: what a runtime allocates beside them
//! (`parked-rss`, `idle-rss`). It is exact, so one sample says it all.
//! Sketch: a sleep 16 to 120 B, a handle one or two words, a connection 100 to 500 B.

use crate::{Peer, future_size};

/// The sizes, in the order of the row's measures.
pub(super) fn sizes<P: Peer>() -> Vec<f64> {
    let sizes =
        [future_size(P::sleep), future_size(|()| P::yield_now()), size_of::<P::Handle<u64>>(), P::connection_future()];
    sizes.map(|bytes| bytes as f64).to_vec()
}

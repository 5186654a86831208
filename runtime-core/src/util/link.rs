//! The link by which something lies in the inbox of a worker.

use crate::loom::UnsafeCell;
use core::ptr::null_mut;

/// The link by which something lies in the inbox of a worker: the first field of what it stands for, or a field at a known
/// offset. One word; the kind of the thing travels in the low bits of the pointer to it, hence the alignment.
///
/// It belongs to whoever won the node's pin until the push, then to whoever takes the inbox.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Node {
    pub(crate) link: UnsafeCell<*mut Node>,
}

// SAFETY: the type gives no access by itself; the inbox orders who touches the link (see `task::inbox`).
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

impl Node {
    /// A node in no inbox.
    #[must_use]
    pub fn new() -> Self {
        Node { link: UnsafeCell::new(null_mut()) }
    }
}

impl Default for Node {
    fn default() -> Self {
        Self::new()
    }
}

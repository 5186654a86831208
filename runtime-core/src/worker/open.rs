//! What a runtime has open under a driver without state, whose resources belong to no worker.
//!
//! Looked at when a resource is opened and when it is closed, never by an operation that succeeds. Its purpose is the
//! shutdown: a thread that is blocked in an operation is freed by what [`Driver::interrupt`](crate::roles::Driver::interrupt)
//! does to the resource.
//!
//! # Invariants
//! 1. A resource is listed from its adoption until just before the system closes it. So while the lock is held no listed
//!    number can be another's.
//! 2. `closing` is set under the lock, before anything is interrupted: what is adopted later is refused.

use crate::error::Errno;
use crate::roles::{Kind, RawResource};
use alloc::collections::BTreeMap;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The open resources of one runtime, by their number. Allocates nothing before the first.
#[derive(Debug, Default)]
pub(crate) struct Open {
    listed: Mutex<BTreeMap<RawResource, Kind>>,
    closing: AtomicBool,
}

impl Open {
    /// A resource more.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`].
    pub(crate) fn add(&self, raw: RawResource, kind: Kind) -> Result<(), Errno> {
        let mut listed = self.lock();
        if self.is_closing() {
            return Err(Errno::RUNTIME_CLOSED);
        }
        listed.insert(raw, kind);
        Ok(())
    }

    /// A resource less: the caller closes it next.
    pub(crate) fn remove(&self, raw: RawResource) {
        self.lock().remove(&raw);
    }

    /// A resource less, which stays open: nobody interrupts it from now on.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`]: it has been interrupted already, and is still listed.
    pub(crate) fn release(&self, raw: RawResource) -> Result<(), Errno> {
        let mut listed = self.lock();
        if self.is_closing() {
            return Err(Errno::RUNTIME_CLOSED);
        }
        listed.remove(&raw);
        Ok(())
    }

    /// The runtime closes: adopts nothing from now on, and calls `interrupt` for each resource of ours. Foreign ones are
    /// left alone: others may hold the same open file.
    pub(crate) fn close(&self, interrupt: impl Fn(RawResource)) {
        let listed = self.lock();
        // Release: pairs with the acquire of `is_closing`.
        self.closing.store(true, Ordering::Release);
        for (raw, kind) in &*listed {
            if *kind != Kind::Foreign {
                interrupt(*raw);
            }
        }
    }

    /// Is the runtime closing, or closed?
    #[inline]
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RawResource, Kind>> {
        // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

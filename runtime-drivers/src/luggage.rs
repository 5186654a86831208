//! What a driver held of a resource that moves to another worker: what came there and nobody has read.
//!
//! One type for all drivers, as the two workers need not run the same one under a `Fallback`. One that cannot keep what it finds
//! in here refuses the resource, which then stays with its handle.

use crate::op::Taken;
use bespoke_core::roles::{Kind, Luggage};
use std::boxed::Box;

#[cfg(target_os = "linux")]
use crate::op::LEASE_BYTES;
#[cfg(target_os = "linux")]
use crate::sys::address::SockAddr;
#[cfg(target_os = "linux")]
use crate::sys::fd;
#[cfg(target_os = "linux")]
use bespoke_core::driver::{Errno, Filled};
#[cfg(target_os = "linux")]
use bespoke_core::roles::RawResource;
#[cfg(target_os = "linux")]
use std::collections::VecDeque;

/// What ends the reads of a stream, behind all that was read ahead.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    None,
    /// The peer has ended its direction: told again and again.
    Stream,
    /// Told once.
    Error(Errno),
}

/// What was held. Dropped, connections that nobody took are closed.
pub(crate) struct Held {
    /// Bytes of a stream, in the order in which they came.
    #[cfg(target_os = "linux")]
    pub(crate) bytes: Filled<LEASE_BYTES>,
    #[cfg(target_os = "linux")]
    pub(crate) end: End,
    /// Connections of a listener, in the order in which they came.
    #[cfg(target_os = "linux")]
    pub(crate) accepted: VecDeque<(RawResource, Option<SockAddr>)>,
    /// A write that was dropped under way.
    pub(crate) interrupted: Option<Taken>,
}

impl Held {
    /// Nothing but a write that was dropped under way.
    pub(crate) fn new(interrupted: Option<Taken>) -> Self {
        Held {
            #[cfg(target_os = "linux")]
            bytes: Filled::new(),
            #[cfg(target_os = "linux")]
            end: End::None,
            #[cfg(target_os = "linux")]
            accepted: VecDeque::new(),
            interrupted,
        }
    }

    /// Is there something that only a driver can keep which reads ahead?
    pub(crate) fn was_read_ahead(&self) -> bool {
        #[cfg(target_os = "linux")]
        {
            !self.bytes.is_empty() || self.end != End::None || !self.accepted.is_empty()
        }
        #[cfg(not(target_os = "linux"))]
        {
            false
        }
    }

    /// Of a resource of this kind.
    pub(crate) fn pack(self, kind: Kind) -> Luggage {
        let empty = !self.was_read_ahead() && self.interrupted.is_none();
        Luggage { kind, held: if empty { None } else { Some(Box::new(self)) } }
    }

    /// What is in `luggage`, in its place: whoever refuses it has changed nothing.
    pub(crate) fn of(luggage: &mut Luggage) -> Option<&mut Held> {
        luggage.held.as_mut()?.downcast_mut()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        for (raw, _) in &self.accepted {
            // Nobody was told of the connection.
            let _ = fd::close(*raw);
        }
    }
}

//! Which thread enters a ring, and which one runs the worker by it.

use super::{Ring, RingName};
use crate::sys::ring::{self as calls, code};
use crate::uring::options::Kernel;
use crate::uring::probe::WHY_MOVED;
use crate::uring::{kind, named};
use bespoke_core::driver::Errno;
use bespoke_core::error::Error;
use io_uring::opcode;

impl Ring {
    /// Which thread enters it; 0: none yet.
    pub(in crate::uring) fn thread(&self) -> usize {
        self.thread
    }

    /// Does the calling thread run the worker by it? To be its thread is not enough: one that has left is that still, and others
    /// may be in the middle of a turn.
    pub(in crate::uring) fn is_run_here(&self) -> bool {
        self.thread == calls::thread() && !self.is_left
    }

    /// Has nobody arrived since a thread left it?
    pub(in crate::uring) fn is_left(&self) -> bool {
        self.is_left
    }

    /// This thread, which runs the worker by it, leaves it to any other.
    #[cold]
    pub(in crate::uring) fn leave(&mut self) {
        self.is_left = true;
        // One of sixteen of this thread's, and no other could give it back.
        self.give_index_back();
    }

    /// Its one issuer is back.
    #[cold]
    pub(in crate::uring) fn come_back(&mut self) {
        self.is_left = false;
    }

    /// Has the thread that enters it an index for it?
    #[cfg(test)]
    pub(in crate::uring) fn has_index(&self) -> bool {
        matches!(self.name, RingName::Registered(_))
    }

    /// This thread names it by its descriptor from now on, if it is the one that has an index.
    pub(super) fn give_index_back(&mut self) {
        if let RingName::Registered(index) = self.name
            && self.thread == calls::thread()
        {
            let fd = self.fd();
            // Refused only if there is none.
            let _ = calls::unregister_ring(fd, index);
            self.name = RingName::Descriptor(fd);
        }
    }

    /// Does the kernel take what is registered from another thread alone?
    pub(in crate::uring) fn is_of_another_thread(&self) -> bool {
        self.flags.single_issuer && self.thread != 0 && self.thread != calls::thread()
    }

    /// The calling thread is the one that enters the ring from now on.
    pub(in crate::uring) fn arrive(&mut self, thread: usize) -> Result<(), Error> {
        if self.thread == 0 && self.flags.single_issuer {
            self.queues.submitter().register_enable_rings()?;
        }
        if self.thread != 0 && self.flags.single_issuer {
            return Err(Errno::new(code::EXISTS)
                .map_or(Error::new(bespoke_core::error::ErrorKind::Other), Error::from)
                .because(WHY_MOVED));
        }
        (self.thread, self.is_left) = (thread, false);
        // The index is the thread's own. Without one, each call looks the descriptor up. It keeps the kernel's side of a ring
        // that is dropped elsewhere, and with it a thread that takes entries (invariant 5 of the ring): such a ring has none.
        let fd = self.fd();
        let registers = self.settings.kernel > Kernel::V5_15 && !self.flags.sq_poll;
        self.name = match registers.then(|| calls::register_ring(fd)) {
            Some(Ok(index)) => RingName::Registered(index),
            _ => RingName::Descriptor(fd),
        };
        Ok(())
    }

    /// May the calling thread enter it? Where tasks move, others queue entries and leave the calls to its turns: they would be
    /// refused, or mean another ring by the index. One whose entries a thread of the kernel's takes has neither.
    pub(in crate::uring) fn is_entered_here(&self) -> bool {
        self.thread == 0 || self.is_run_here() || self.flags.sq_poll
    }

    /// From now on what is queued waits behind, until another ring [goes on with it](Self::goes_on_with), or a turn of this one.
    #[cold]
    pub(in crate::uring) fn hold_back(&mut self) {
        self.is_left = true;
        self.backlog.push_back(opcode::Nop::new().build().user_data(named(kind::IGNORED, 0, 0)));
    }

    /// Takes what is queued at one that holds back.
    #[cold]
    pub(in crate::uring) fn goes_on_with(&mut self, holds: &mut Self) {
        debug_assert!(holds.aside.iter().all(|put_off| put_off.buffer().is_none()), "a buffer of another ring");
        self.is_left = false;
        self.backlog.append(&mut holds.backlog);
        self.aside.append(&mut holds.aside);
        self.fresh = true;
    }
}

//! How each operation is expressed here: a wait looks into its source, an operation with a slot becomes an entry.
//!
//! | file | holds |
//! |---|---|
//! | `reads` | reading from a stream, in every form |
//! | `writes` | writing to one, and what became of a write that was dropped |
//! | `send_file` | sending a file without a copy |
//! | `splice` | streams to streams without a copy |
//! | `arrivals` | connections: taken and made |
//! | `datagrams` | datagrams, and readiness: the call is tried, and the ring polls when it would block |
//! | `pipes` | reading and writing pipes, in the same way |
//! | `unix` | reading Unix streams, and descriptors beside bytes, in the same way |
//!
//! Here: what they share, and time.

mod arrivals;
mod datagrams;
mod pipes;
mod reads;
pub(super) mod send_file;
pub(super) mod splice;
mod unix;
mod writes;

use super::slots::{Aside, End, Lower};
use crate::sys::ring::code;
use bespoke_core::driver::{Errno, Nop, Timeout};
use io_uring::squeue::Entry;
use io_uring::{opcode, types};

/// An operation that leaves nothing behind and remembers nothing: `$state` is `()` but for what goes on from where it was.
macro_rules! wait {
    ($op:ty, $served:ident, |$live:ident, $o:ident, $cx:pat_param| $poll:expr) => {
        $crate::uring::lower::wait!($op, (), $served, |$live, $o, _, $cx| $poll);
    };
    ($op:ty, $state:ty, $served:ident, |$live:ident, $o:ident, $st:pat_param, $cx:pat_param| $poll:expr) => {
        $crate::op::lower::leaves_nothing!(
            {const ENTRIES: u32, P: $crate::uring::RingOptions} $crate::uring::IoUring<ENTRIES, P>, $op, $state, $served,
            |live, $o, $st, $cx| {
                let $live = &live.0;
                $poll
            }
        );
    };
}
use wait;

/// An operation with a slot; how, its [`Lower`] says.
macro_rules! slot {
    ($op:ty) => {
        impl<const ENTRIES: u32, P: $crate::uring::RingOptions> bespoke_core::driver::Submit<$op>
            for $crate::uring::IoUring<ENTRIES, P>
        {
            type InFlight<S: bespoke_core::sharing::Sharing> = $crate::uring::slots::Flight<S::Driven>;

            const SERVED: bespoke_core::driver::Served = bespoke_core::driver::Served::Completion;

            #[inline(always)]
            fn poll_op<S: bespoke_core::sharing::Sharing>(
                live: &Self::Live<S>,
                op: &mut $op,
                state: &mut $crate::uring::slots::Flight<S::Driven>,
                cx: &mut core::task::Context<'_>,
            ) -> core::task::Poll<<$op as bespoke_core::driver::Op>::Output> {
                live.0.poll_slot(op, state, cx)
            }

            #[inline(always)]
            fn in_flight<S: bespoke_core::sharing::Sharing>(state: &$crate::uring::slots::Flight<S::Driven>) -> bool {
                state.is_in_flight()
            }

            fn abandon<S: bespoke_core::sharing::Sharing, K: Send + 'static>(
                live: &Self::Live<S>,
                _op: &mut $op,
                state: &mut $crate::uring::slots::Flight<S::Driven>,
                keep: bespoke_core::driver::MaybeDangling<K>,
            ) {
                let late = <$op as bespoke_core::driver::Op>::LATE;
                live.0.abandon_slot(late, state, keep);
            }

            fn poll_closed<S: bespoke_core::sharing::Sharing>(
                state: &mut $crate::uring::slots::Flight<S::Driven>,
                _cx: &mut core::task::Context<'_>,
            ) -> core::task::Poll<Option<<$op as bespoke_core::driver::Op>::Output>> {
                state.poll_closed::<$op>()
            }

            fn abandon_closed<S: bespoke_core::sharing::Sharing, K: Send + 'static>(
                _op: &mut $op,
                state: &mut $crate::uring::slots::Flight<S::Driven>,
                keep: bespoke_core::driver::MaybeDangling<K>,
            ) {
                state.abandon_closed::<$op, K>(keep);
            }
        }
    };
}
use slot;

slot!(Nop);

impl Lower for Nop {
    const LENDS: bool = false;

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        opcode::Nop::new().build()
    }

    fn end(&self, _: &mut usize, _: Result<u32, Errno>, _: &Aside<'_>) -> End<()> {
        End::Over(())
    }
}

slot!(Timeout);

impl Lower for Timeout {
    const LENDS: bool = false;

    fn entry(&self, _: usize, aside: &Aside<'_>) -> Entry {
        let nanos = self.after.0;
        let time = match nanos {
            // Never: the kernel's clock has no such time either.
            u64::MAX => types::Timespec::new().sec(i64::MAX as u64),
            _ => types::Timespec::new().sec(nanos / 1_000_000_000).nsec((nanos % 1_000_000_000) as u32),
        };
        opcode::Timeout::new(aside.time(time)).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        End::Over(match result {
            Err(errno) if errno.code() == code::TIME_IS_UP => Ok(()),
            result => result.map(drop),
        })
    }
}

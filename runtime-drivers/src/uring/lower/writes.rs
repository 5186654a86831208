//! Writes: one entry for what one send takes, or for all; what the kernel took is counted, also when the future is dropped.

use super::{slot, wait};
use crate::op::{Interrupted, Taken, Transmit, TransmitVectored};
use crate::sys::ring as calls;
use crate::uring::Uring;
use crate::uring::slots::{Aside, End, Lower};
use crate::uring::source::DroppedWrite;
use bespoke_core::driver::{Errno, Op};
use bespoke_core::roles::Resource;
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};
use io_uring::squeue::Entry;
use io_uring::{opcode, types};

slot!(Transmit);

impl Lower for Transmit {
    const WRITES: bool = true;

    fn resource(&self) -> Option<Resource> {
        Some(self.stream)
    }

    fn bytes(&self) -> usize {
        self.len
    }

    fn entry(&self, taken: usize, aside: &Aside<'_>) -> Entry {
        // In bounds: at most `len` bytes were taken.
        let from = self.from.wrapping_add(taken);
        let len = (self.len - taken).min(LEN_MAX) as u32;
        let (stream, flags) = (types::Fd(self.stream.raw), calls::send_flags(self.all));
        if aside.zero_copy {
            opcode::SendZc::new(stream, from, len).flags(flags).build()
        } else {
            opcode::Send::new(stream, from, len).flags(flags).build()
        }
    }

    fn end(&self, taken: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<<Self as Op>::Output> {
        match result {
            Err(errno) => End::Over((*taken, Err(errno))),
            Ok(sent) => {
                *taken += sent as usize;
                if self.all && sent > 0 && *taken < self.len { End::Rest } else { End::Over((*taken, Ok(()))) }
            }
        }
    }
}

/// What one entry sends at most: its result must be positive.
const LEN_MAX: usize = 1 << 30;

slot!(TransmitVectored);

impl Lower for TransmitVectored {
    const WRITES: bool = true;

    fn resource(&self) -> Option<Resource> {
        Some(self.stream)
    }

    fn bytes(&self) -> usize {
        self.from.as_slice().iter().map(|(_, len)| len).sum()
    }

    fn entry(&self, _: usize, aside: &Aside<'_>) -> Entry {
        let message = aside.large(|large| {
            let list = large.list(&self.from);
            large.message.of_stretches(list, self.from.as_slice().len())
        });
        let (stream, flags) = (types::Fd(self.stream.raw), calls::send_flags(false) as u32);
        if aside.zero_copy {
            opcode::SendMsgZc::new(stream, message.cast()).flags(flags).build()
        } else {
            opcode::SendMsg::new(stream, message.cast()).flags(flags).build()
        }
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<<Self as Op>::Output> {
        End::Over(result.map(|sent| sent as usize))
    }
}

wait!(Interrupted, Completion, |live, op, cx| interrupted(live, op, cx));

fn interrupted<S: Sharing>(live: &Uring<S>, op: &Interrupted, cx: &mut Context<'_>) -> Poll<Option<Taken>> {
    let (number, _) = live.with(|state| state.named(op.stream.key));
    let ended = live.with(|state| {
        let Some(more) = &mut state.sources[number as usize].more else { return Some(None) };
        match more.dropped {
            Some(DroppedWrite::Ending { .. }) => None,
            _ => Some(more.dropped.take()),
        }
    });
    match ended {
        None => {
            live.wait_for_dropped_write(number, cx);
            Poll::Pending
        }
        Some(ended) => Poll::Ready(ended.and_then(|ended| match ended {
            DroppedWrite::Ended(taken) => Some(taken),
            DroppedWrite::Ending { .. } => None,
        })),
    }
}

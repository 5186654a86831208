//! How the operations on files are expressed here: each is its reference meaning, on the thread of the task.

use super::Blocking;
use crate::op::Blocks;
use crate::op::files::for_each_file_op;
use crate::op::lower::leaves_nothing;
use crate::op::{
    Advise, Allocate, Call, JoinPaths, MakeDir, Open, ReadAt, ReadVectoredAt, Remove, SetLen, Statx, Sync, WriteAt,
    WriteVectoredAt,
};
use core::task::Poll;

macro_rules! run_blocking {
    ($($op:ty),+) => {
        // SAFETY: whoever made the operation promised that what it points at stays until it is over.
        $(leaves_nothing!(Blocking, $op, (), Call, |_, op, _, _| Poll::Ready(unsafe { op.run_blocking() }));)+
    };
}
for_each_file_op!(run_blocking);

//! How the operations on files are expressed here: as jobs of the pool, for now.

use super::Uring;
use super::options::{IoUring, RingOptions};
use crate::op::files::for_each_file_op;
use crate::op::{
    Call, JoinPaths, MakeDir, Open, ReadAt, ReadVectoredAt, Remove, SetLen, Statx, Sync, WriteAt, WriteVectoredAt,
};
use crate::pooled::{OpenFile, pooled};
use std::sync::Arc;

/// The open file of a source, for a job.
fn open_file(live: &Uring, key: u32) -> Option<Arc<OpenFile>> {
    live.with(|state| {
        let (number, _) = state.named(key);
        state.sources[number as usize].file.clone()
    })
}

macro_rules! pool {
    ($($op:ty),+) => { $(
        pooled!({const ENTRIES: u32, P: RingOptions} IoUring<ENTRIES, P>, super::lower::of::<ENTRIES, P, S>, open_file: $op);
    )+ };
}
for_each_file_op!(pool);

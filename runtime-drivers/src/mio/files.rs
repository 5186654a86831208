//! How the operations on files are expressed here: as jobs of the pool. A poll knows no files: they are always ready, and
//! block.

use super::{LiveMio, Mio, Poller};
use crate::op::files::for_each_file_op;
use crate::op::{
    Advise, Allocate, Call, JoinPaths, MakeDir, Open, ReadAt, ReadVectoredAt, Remove, SetLen, Statx, Sync, WriteAt,
    WriteVectoredAt,
};
use crate::pooled::{OpenFile, pooled};
use bespoke_core::sharing::Sharing;
use std::sync::Arc;

/// The open file of a source, for a job.
pub(super) fn open_file<P: Poller, S: Sharing>(live: &LiveMio<P, S>, key: u32) -> Option<Arc<OpenFile>> {
    live.with_source(key, |source| source.more.as_ref()?.file.clone())
}

macro_rules! pool {
    ($($op:ty),+) => { $(pooled!({P: Poller} Mio<P>, open_file: $op);)+ };
}
for_each_file_op!(pool);

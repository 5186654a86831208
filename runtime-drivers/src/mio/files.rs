//! How the operations on files are expressed here: as jobs of the pool. A poll knows no files: they are always ready, and
//! block.

use super::{LiveMio, Mio, Poller};
use crate::op::files::for_each_file_op;
use crate::op::{
    Advise, Allocate, Call, JoinPaths, MakeDir, Open, ReadAt, ReadVectoredAt, Remove, SetLen, Statx, Sync, WriteAt,
    WriteVectoredAt,
};
use crate::pooled::{OpenFile, OpenFiles, pooled};
use bespoke_core::sharing::Sharing;
use std::sync::Arc;

impl<P: Poller, S: Sharing> OpenFiles for LiveMio<P, S> {
    #[inline]
    fn with_file<R>(&self, key: u32, look: impl FnOnce(&Arc<OpenFile>) -> R) -> Option<R> {
        self.with_source(key, |source| Some(look(source.more.as_deref()?.file.as_ref()?)))
    }
}

macro_rules! pool {
    ($($op:ty),+) => { $(pooled!({P: Poller} Mio<P>: $op);)+ };
}
for_each_file_op!(pool);

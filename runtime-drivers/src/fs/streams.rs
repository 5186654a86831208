//! A file as what reads, what writes and what has a cursor: lines of a file, copies from and to one.

use super::file::File;
use crate::io::{Reads, Seeks, Writes};
use crate::op::Fs;
use bespoke_core::config::Config;
use bespoke_core::io::IoBuf;
use core::future::Future;
use std::io::{self, SeekFrom};

/// At the cursor. An operation may not borrow its memory, so the bytes go through a buffer that the file keeps, of at most
/// 64 KiB; what reads a lot reads into buffers that it owns: [`File::read`].
///
/// As the trait promises, a dropped read has taken no byte; but not of a pipe or a terminal.
impl<C: Config> Reads for File<C>
where
    C::Driver: Fs,
{
    async fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(SCRATCH_MAX);
        if wanted == 0 {
            return Ok(0);
        }
        let mut scratch = core::mem::take(&mut self.scratch);
        if scratch.len() < wanted {
            scratch.resize(wanted, 0);
        }
        let (read, scratch) = File::read(self, scratch.slice(..wanted)).await;
        self.scratch = scratch.into_inner();
        let bytes = read?;
        buffer[..bytes].copy_from_slice(&self.scratch[..bytes]);
        Ok(bytes)
    }
}

/// At the cursor.
impl<C: Config> Writes for File<C>
where
    C::Driver: Fs,
{
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        File::write(self, buffer)
    }
    fn write_all<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<()>, B)> + Send {
        File::write_all(self, buffer)
    }
    /// Waits for what a dropped write has left on its way. There is nothing else to flush; what must be on the disk is brought
    /// there by [`sync_all`](File::sync_all).
    async fn flush(&mut self) -> io::Result<()> {
        self.after_dropped().await;
        Ok(())
    }
    /// As [`flush`](Writes::flush): a file ends where it ends.
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        Writes::flush(self)
    }
}

impl<C: Config> Seeks for File<C>
where
    C::Driver: Fs,
{
    fn seek(&mut self, to: SeekFrom) -> impl Future<Output = io::Result<u64>> + Send {
        File::seek(self, to)
    }
}

const SCRATCH_MAX: usize = 64 << 10;

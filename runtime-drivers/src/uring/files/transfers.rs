//! Bytes of open files: read, written, cut, brought to the disk. The system's cursor is the position −1 of an entry.

use super::OfFiles;
use crate::op::{Moved, ReadAt, ReadVectoredAt, SetLen, Sync, WriteAt, WriteVectoredAt};
use crate::sys::file::CALL_MAX;
use crate::uring::slots::{Aside, End, Lower};
use crate::uring::source::FileSource;
use bespoke_core::driver::{Errno, Served};
use bespoke_core::roles::Resource;
use io_uring::squeue::Entry;
use io_uring::{opcode, types};

/// Is an entry of a transfer at this position, or at the cursor, the same as the call?
fn is_entry_at(file: Option<&FileSource>, at: Option<u64>) -> bool {
    file.is_some_and(|file| file.waits && at.is_none_or(|at| file.seeks && is_position(at)))
}

/// Beyond these no file has any, and −1 says something else.
fn is_position(at: u64) -> bool {
    i64::try_from(at).is_ok()
}

/// Where an entry goes on that took `taken` bytes.
fn position(at: Option<u64>, taken: usize) -> u64 {
    at.map_or(u64::MAX, |at| at + taken as u64)
}

/// How many bytes an entry is asked for, of so many that are left.
fn len(left: usize) -> u32 {
    left.min(CALL_MAX) as u32
}

/// What an entry came to of `len` bytes: as [`ReadAt::all`] and [`WriteAt::all`] say, it goes on.
fn moved(taken: &mut usize, result: Result<u32, Errno>, len: usize, all: bool) -> End<Moved> {
    match result {
        Err(errno) => End::Over((*taken, Err(errno))),
        Ok(bytes) => {
            *taken += bytes as usize;
            if all && bytes > 0 && *taken < len { End::Rest } else { End::Over((*taken, Ok(()))) }
        }
    }
}

impl Lower for ReadAt {
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.file)
    }

    fn memory(&self, taken: usize) -> Option<(*const u8, usize)> {
        // In bounds, as below.
        Some((self.to.wrapping_add(taken).cast_const(), len(self.len - taken) as usize))
    }

    fn entry(&self, taken: usize, aside: &Aside<'_>) -> Entry {
        // In bounds: at most `len` bytes were taken.
        let to = self.to.wrapping_add(taken);
        let (file, len, at) = (types::Fd(self.file.raw), len(self.len - taken), position(self.at, taken));
        match aside.fixed {
            Some(place) => opcode::ReadFixed::new(file, to, len, place).offset(at).build(),
            None => opcode::Read::new(file, to, len).offset(at).build(),
        }
    }

    fn end(&self, taken: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Moved> {
        moved(taken, result, self.len, self.all)
    }
}

impl OfFiles for ReadAt {
    fn is_entry(&self, file: Option<&FileSource>, _: bool) -> bool {
        is_entry_at(file, self.at)
    }
}

impl Lower for WriteAt {
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.file)
    }

    fn memory(&self, taken: usize) -> Option<(*const u8, usize)> {
        // In bounds, as below.
        Some((self.from.wrapping_add(taken), len(self.len - taken) as usize))
    }

    fn entry(&self, taken: usize, aside: &Aside<'_>) -> Entry {
        // In bounds: at most `len` bytes were taken.
        let from = self.from.wrapping_add(taken);
        let (file, len, at) = (types::Fd(self.file.raw), len(self.len - taken), position(self.at, taken));
        match aside.fixed {
            Some(place) => opcode::WriteFixed::new(file, from, len, place).offset(at).build(),
            None => opcode::Write::new(file, from, len).offset(at).build(),
        }
    }

    fn end(&self, taken: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Moved> {
        moved(taken, result, self.len, self.all)
    }
}

impl OfFiles for WriteAt {
    fn is_entry(&self, file: Option<&FileSource>, _: bool) -> bool {
        is_entry_at(file, self.at)
    }
}

impl Lower for ReadVectoredAt {
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.file)
    }

    fn entry(&self, _: usize, aside: &Aside<'_>) -> Entry {
        let (list, count) = (aside.large(|large| large.list(&self.to)), self.to.as_slice().len());
        let read = opcode::Readv::new(types::Fd(self.file.raw), list.cast(), count as u32);
        read.offset(position(self.at, 0)).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<usize, Errno>> {
        End::Over(result.map(|bytes| bytes as usize))
    }
}

impl OfFiles for ReadVectoredAt {
    fn is_entry(&self, file: Option<&FileSource>, _: bool) -> bool {
        is_entry_at(file, self.at)
    }
}

impl Lower for WriteVectoredAt {
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.file)
    }

    fn entry(&self, _: usize, aside: &Aside<'_>) -> Entry {
        let (list, count) = (aside.large(|large| large.list(&self.from)), self.from.as_slice().len());
        let write = opcode::Writev::new(types::Fd(self.file.raw), list.cast(), count as u32);
        write.offset(position(self.at, 0)).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<usize, Errno>> {
        End::Over(result.map(|bytes| bytes as usize))
    }
}

impl OfFiles for WriteVectoredAt {
    fn is_entry(&self, file: Option<&FileSource>, _: bool) -> bool {
        is_entry_at(file, self.at)
    }
}

impl Lower for Sync {
    const LENDS: bool = false;
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.file)
    }

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        let flags = if self.data_only { types::FsyncFlags::DATASYNC } else { types::FsyncFlags::empty() };
        opcode::Fsync::new(types::Fd(self.file.raw)).flags(flags).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        End::Over(result.map(drop))
    }
}

impl OfFiles for Sync {
    fn is_entry(&self, _: Option<&FileSource>, _: bool) -> bool {
        true
    }
}

impl Lower for SetLen {
    const LENDS: bool = false;
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.file)
    }

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        opcode::Ftruncate::new(types::Fd(self.file.raw), self.len).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        End::Over(result.map(drop))
    }
}

impl OfFiles for SetLen {
    const SERVED: Served = Served::CompletionOrPool;

    fn is_entry(&self, _: Option<&FileSource>, cuts: bool) -> bool {
        cuts && is_position(self.len)
    }
}

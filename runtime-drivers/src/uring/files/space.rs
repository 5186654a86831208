//! The place of an open file: on its disk, and in the system's memory.

use super::OfFiles;
use crate::op::{Advise, Allocate};
use crate::sys::space;
use crate::uring::slots::{Aside, End, Lower};
use crate::uring::source::FileSource;
use bespoke_core::driver::{Errno, Served};
use bespoke_core::roles::Resource;
use io_uring::squeue::Entry;
use io_uring::{opcode, types};

impl Lower for Allocate {
    const LENDS: bool = false;
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.file)
    }

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        let allocate = opcode::Fallocate::new(types::Fd(self.file.raw), self.len);
        allocate.offset(self.at).mode(space::mode(self.how)).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        End::Over(result.map(drop))
    }
}

impl OfFiles for Allocate {
    fn is_entry(&self, _: Option<&FileSource>, _: bool) -> bool {
        true
    }
}

impl Lower for Advise {
    const LENDS: bool = false;
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        Some(self.file)
    }

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        let advise = opcode::Fadvise::new(types::Fd(self.file.raw), self.len as _, space::number(self.advice));
        advise.offset(self.at).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        End::Over(result.map(drop))
    }
}

impl OfFiles for Advise {
    const SERVED: Served = Served::CompletionOrPool;

    /// An entry has 32 bits for the length, and takes what it cannot say for another range.
    fn is_entry(&self, _: Option<&FileSource>, _: bool) -> bool {
        u32::try_from(self.len).is_ok()
    }
}

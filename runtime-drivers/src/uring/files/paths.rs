//! What is done with names, and what is known of a file. The kernel copies a path when it takes the entry.

use super::OfFiles;
use crate::op::{JoinPaths, MakeDir, Of, Open, Remove, Statx};
use crate::sys::file::{self, Join};
use crate::sys::ring as calls;
use crate::sys::stat::{self, Question, Stat};
use crate::uring::slots::{Aside, End, Lower};
use crate::uring::source::FileSource;
use bespoke_core::driver::{Errno, Op};
use bespoke_core::roles::{RawResource, Resource};
use io_uring::squeue::{Entry, Flags};
use io_uring::{opcode, types};

/// Where relative paths begin.
const HERE: types::Fd = types::Fd(calls::FROM_HERE);

impl Lower for Open {
    const OPENS: bool = true;
    const OF_A_SOCKET: bool = false;

    /// On a thread of the kernel's: before it gives an entry to one, it tries to open without waiting, and then a FIFO is open
    /// for reading before it has a writer, and for writing it fails.
    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        let open = opcode::OpenAt::new(HERE, self.path).flags(file::open_flags(&self.how)).mode(self.how.mode);
        open.build().flags(Flags::ASYNC)
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<<Self as Op>::Output> {
        End::Over(result.map(|raw| raw as RawResource))
    }
}

impl Lower for Statx {
    const OF_A_SOCKET: bool = false;

    fn resource(&self) -> Option<Resource> {
        match self.of {
            Of::File(file) => Some(file),
            Of::Path { .. } => None,
        }
    }

    fn entry(&self, _: usize, aside: &Aside<'_>) -> Entry {
        let of = match self.of {
            Of::File(file) => stat::Of::File(file.raw),
            Of::Path { path, follow } => stat::Of::Path { path, follow },
        };
        let Question { fd, path, flags, mask } = stat::question(of);
        let room = aside.large(|large| large.stat.as_mut_ptr());
        opcode::Statx::new(types::Fd(fd), path, room.cast()).flags(flags).mask(mask).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, aside: &Aside<'_>) -> End<Result<Stat, Errno>> {
        End::Over(result.map(|_| aside.large(|large| large.stat.found())))
    }
}

impl Lower for MakeDir {
    const OF_A_SOCKET: bool = false;

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        opcode::MkDirAt::new(HERE, self.path).mode(self.mode).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        End::Over(result.map(drop))
    }
}

impl Lower for Remove {
    const OF_A_SOCKET: bool = false;

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        let flags = if self.dir { calls::REMOVE_DIR } else { 0 };
        opcode::UnlinkAt::new(HERE, self.path).flags(flags).build()
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        End::Over(result.map(drop))
    }
}

impl Lower for JoinPaths {
    const OF_A_SOCKET: bool = false;

    fn entry(&self, _: usize, _: &Aside<'_>) -> Entry {
        match self.how {
            Join::Rename | Join::RenameNew | Join::Swap => {
                let rename = opcode::RenameAt::new(HERE, self.from, HERE, self.to);
                rename.flags(file::rename_flags(self.how)).build()
            }
            Join::Link => opcode::LinkAt::new(HERE, self.from, HERE, self.to).build(),
            Join::Symlink => opcode::SymlinkAt::new(HERE, self.from, self.to).build(),
        }
    }

    fn end(&self, _: &mut usize, result: Result<u32, Errno>, _: &Aside<'_>) -> End<Result<(), Errno>> {
        End::Over(result.map(drop))
    }
}

macro_rules! always_entries {
    ($($op:ty),+) => { $(
        impl OfFiles for $op {
            fn is_entry(&self, _: Option<&FileSource>, _: bool) -> bool {
                true
            }
        }
    )+ };
}
always_entries!(Open, Statx, MakeDir, Remove, JoinPaths);

//! The operations on paths, and the one for everything else that blocks.
//!
//! A path is a C string on the heap of the caller, which `K` owns: kernel-time memory, for every operation here.

use super::file::{Blocks, plain_op};
use crate::sys::file::{self, Join, OpenHow};
use crate::sys::stat::{self, Stat};
use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::{RawResource, Resource};
use core::ffi::c_char;

/// Opens a file: its descriptor, which is the caller's. `open(2)`. Dropped: a file that is opened all the same is closed.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    /// The path.
    pub path: *const c_char,
    /// How.
    pub how: OpenHow,
}

// SAFETY: `path` is read by the driver only, and `K` keeps it alive; the value owns nothing.
unsafe impl Send for Open {}
// SAFETY: as above.
unsafe impl Op for Open {
    type Output = Result<RawResource, Errno>;
    const NAME: &'static str = "open";
    const LATE: Late = Late::CloseResource;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        None
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
}

impl Blocks for Open {
    unsafe fn run_blocking(&mut self) -> Self::Output {
        // SAFETY: the caller's promise.
        unsafe { file::open(self.path, &self.how) }
    }
    fn late(output: Self::Output) {
        if let Ok(raw) = output {
            // Nobody wrote to it, so there is nothing that this could tell of.
            let _ = crate::sys::fd::close(raw);
        }
    }
}

/// Whose metadata.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// Of an open file.
    File(Resource),
    /// Of what a path leads to; of the link itself if it leads to one and is not followed.
    Path {
        /// The path.
        path: *const c_char,
        /// Follow a link?
        follow: bool,
    },
}

/// Asks what the system knows about a file. `statx(2)`, `stat(2)`. Dropped: nothing is lost.
#[derive(Debug, Clone, Copy)]
pub struct Statx {
    /// Which.
    pub of: Of,
}
plain_op!(Statx, "statx", Stat, |op| match &mut op.of {
    Of::File(file) => Some(file),
    Of::Path { .. } => None,
});

impl Blocks for Statx {
    unsafe fn run_blocking(&mut self) -> Result<Stat, Errno> {
        let of = match self.of {
            Of::File(file) => stat::Of::File(file.raw),
            Of::Path { path, follow } => stat::Of::Path { path, follow },
        };
        // SAFETY: the caller's promise.
        unsafe { stat::stat(of) }
    }
    fn file(&self) -> Option<Resource> {
        match self.of {
            Of::File(file) => Some(file),
            Of::Path { .. } => None,
        }
    }
}

/// Makes a folder. `mkdir(2)`. Dropped: it may be made.
#[derive(Debug, Clone, Copy)]
pub struct MakeDir {
    /// The path.
    pub path: *const c_char,
    /// Its permission bits, before the process's mask.
    pub mode: u32,
}
plain_op!(MakeDir, "make_dir", (), |_| None);

impl Blocks for MakeDir {
    unsafe fn run_blocking(&mut self) -> Result<(), Errno> {
        // SAFETY: the caller's promise.
        unsafe { file::make_dir(self.path, self.mode) }
    }
}

/// Takes a name out of its folder. `unlink(2)`, `rmdir(2)`. Dropped: it may be gone.
#[derive(Debug, Clone, Copy)]
pub struct Remove {
    /// The path.
    pub path: *const c_char,
    /// Is it that of a folder?
    pub dir: bool,
}
plain_op!(Remove, "remove", (), |_| None);

impl Blocks for Remove {
    unsafe fn run_blocking(&mut self) -> Result<(), Errno> {
        // SAFETY: the caller's promise.
        unsafe { file::remove(self.path, self.dir) }
    }
}

/// Renames a file, or links to it. `rename(2)`, `renameat2(2)`, `link(2)`, `symlink(2)`. Dropped: it may be done.
#[derive(Debug, Clone, Copy)]
pub struct JoinPaths {
    /// Which of them.
    pub how: Join,
    /// What there is; for a symbolic link, what it says.
    pub from: *const c_char,
    /// The new name.
    pub to: *const c_char,
}
plain_op!(JoinPaths, "join_paths", (), |_| None);

impl Blocks for JoinPaths {
    unsafe fn run_blocking(&mut self) -> Result<(), Errno> {
        // SAFETY: the caller's promise.
        unsafe { file::join(self.how, self.from, self.to) }
    }
}

/// Calls a function: for what no system offers but as calls that block, and what takes several of them. It goes where the
/// driver has blocking operations done. Dropped: it goes on if it has begun, and what `K` owns is dropped after it.
///
/// Kernel-time memory: what `on` points at is the function's until it is over.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// What is called, on any thread.
    pub run: unsafe fn(*mut ()),
    /// With this.
    pub on: *mut (),
    /// The open file that it is about, if it is about one.
    pub file: Option<Resource>,
}
plain_op!(Call, "call", (), |op| op.file.as_mut());

impl Blocks for Call {
    unsafe fn run_blocking(&mut self) -> Result<(), Errno> {
        // SAFETY: the caller's promise.
        unsafe { (self.run)(self.on) };
        Ok(())
    }
    fn file(&self) -> Option<Resource> {
        self.file
    }
}

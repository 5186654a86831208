//! Which driver has files, and what is asked of an open file without waiting.

#[cfg(target_os = "linux")]
use super::Sockets;
use super::file::{ReadAt, ReadVectoredAt, SetLen, Sync, WriteAt, WriteVectoredAt};
use super::file_paths::{Call, JoinPaths, MakeDir, Open, Remove, Statx};
use super::space::{Advise, Allocate};
use crate::sys::{fd, file};
use bespoke_core::driver::{Errno, Submit};
use bespoke_core::roles::{Driver, RawResource};

/// What is asked of an open file without waiting: the system answers from its own memory. Errors are the system's codes.
#[expect(clippy::missing_errors_doc, reason = "every function here fails with the system's code, as the trait says")]
pub trait Files: Driver {
    /// Closes a file that no handle owns yet.
    fn discard(file: RawResource) {
        // Its error, if any, is of no use: the descriptor is gone.
        let _ = fd::close(file);
    }
    /// Where the system's cursor is; fails for a file without positions: a pipe, a terminal. `lseek(2)`.
    fn position(file: RawResource) -> Result<u64, Errno> {
        file::position(file)
    }
    /// Takes the system's cursor to the end, and says where that is: also of a block device, whose metadata has no length.
    /// `lseek(2)`.
    fn end(file: RawResource) -> Result<u64, Errno> {
        file::end(file)
    }
    /// Moves the system's cursor. `lseek(2)`.
    fn set_position(file: RawResource, at: u64) -> Result<(), Errno> {
        file::set_position(file, at)
    }
    /// Was it opened to append? `fcntl(2)`.
    fn appends(file: RawResource) -> Result<bool, Errno> {
        file::appends(file)
    }
    /// A second descriptor of the same open file. `fcntl(2)`.
    fn duplicate(file: RawResource) -> Result<RawResource, Errno> {
        fd::duplicate(file)
    }
}

impl<P: crate::Poller> Files for crate::Mio<P> {}
impl Files for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> Files for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: Files + Sockets, B: Files + Sockets, T: crate::OnFallback> Files for crate::Fallback<A, B, T> {}

/// Drivers with files.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` has no files",
    label = "`Fs` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Fs>`; in a config choose a driver with files: \
            `Mio`, `Blocking`, on Linux `IoUring` and `Fallback`"
)]
pub trait Fs:
    Files
    + Submit<Open>
    + Submit<ReadAt>
    + Submit<WriteAt>
    + Submit<ReadVectoredAt>
    + Submit<WriteVectoredAt>
    + Submit<Sync>
    + Submit<SetLen>
    + Submit<Allocate>
    + Submit<Advise>
    + Submit<Statx>
    + Submit<MakeDir>
    + Submit<Remove>
    + Submit<JoinPaths>
    + Submit<Call>
{
}

impl<P: crate::Poller> Fs for crate::Mio<P> {}
impl Fs for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> Fs for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: Fs + Sockets, B: Fs + Sockets, T: crate::OnFallback> Fs for crate::Fallback<A, B, T> {}

/// Calls a macro with the operations on files.
macro_rules! for_each_file_op {
    ($macro:ident) => {
        $macro!(
            Open,
            ReadAt,
            WriteAt,
            ReadVectoredAt,
            WriteVectoredAt,
            Sync,
            SetLen,
            Allocate,
            Advise,
            Statx,
            MakeDir,
            Remove,
            JoinPaths,
            Call
        );
    };
}
pub(crate) use for_each_file_op;

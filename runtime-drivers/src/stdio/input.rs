//! The standard input.

use crate::fs::File;
use crate::io::Reads;
use crate::op::{Fs, Process};
use crate::process::pipe::Pipe;
use crate::sys;
use bespoke_core::config::Config;
use bespoke_core::error::in_context;
use core::fmt;
use core::panic::Location;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::fs::FileTypeExt as _;

/// The standard input of the process. Made by [`stdin`].
///
/// Reads take what has come, and no more: nothing is kept here between two of them. For lines, put a
/// [`BufReader`](crate::io::BufReader) around one of these, and keep that: what it has read ahead is in it. For the same reason
/// do not mix it with `std::io::stdin`, which reads ahead as well.
///
/// The first read looks at what the input is. Under a local scheduler this belongs to the worker that polled it first.
///
/// # Example
/// ```no_run
/// use bespoke::io::{BufReader, stdin, stdout};
///
/// #[bespoke::main]
/// async fn main() -> std::io::Result<()> {
///     let (mut lines, mut out) = (BufReader::new(stdin()).lines(), stdout());
///     while let Some(line) = lines.next_line().await? {
///         out.write_all(format!("{} bytes\n", line.len())).await.0?;
///     }
///     Ok(())
/// }
/// ```
pub struct Stdin<C: Config> {
    input: Input<C>,
    at: &'static Location<'static>,
}

/// What the input is.
enum Input<C: Config> {
    /// Nobody has looked yet.
    Unknown,
    /// A pipe, a terminal, a socket, a device that tells when it is ready.
    Pipe(Pipe<C>),
    /// A file, a device that is always ready; and where the system's cursor is, which goes along for who reads after us.
    File(File<C>, u64),
    /// The process has none.
    None,
}

/// The standard input, for this process and this runtime. Does nothing before the first read.
///
/// A pipe or a terminal is opened a second time on Linux (`/proc/self/fd/0`), so that it can be nonblocking here without being
/// so for those who have the same open file, as a shell has. Where that is not possible (a socket; another system; no `/proc`;
/// the terminal of another user) the open file is shared, and looked at before each read: such a read holds its worker if
/// another process takes, in the same moment, what it was about to read.
#[track_caller]
#[must_use]
pub fn stdin<C: Config>() -> Stdin<C>
where
    C::Driver: Process + Fs,
{
    Stdin { input: Input::Unknown, at: Location::caller() }
}

impl<C: Config<Driver: Process + Fs>> Stdin<C> {
    /// Reads what has come, at most as much as the buffer holds. 0: the end; or the buffer is empty; or the process has no
    /// standard input. Of a terminal 0 is the key for the end (Ctrl-D), and reading may go on.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe): the runtime is closed. [`Unsupported`](io::ErrorKind::Unsupported): the
    /// input is a file, and this config has no blocking threads. No descriptor left.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: a dropped read has taken no byte.
    ///
    /// # Panics
    /// Without a runtime of `C` on the thread, at the first poll; the message names the line of [`stdin`].
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Input::Unknown = self.input {
            self.input = Input::open(self.at)?;
        }
        match &mut self.input {
            Input::Pipe(pipe) => pipe.read(buffer).await,
            Input::File(file, cursor) => {
                let n = Reads::read(file, buffer).await?;
                *cursor += n as u64;
                // What has no cursor refuses it.
                let _ = sys::file::set_position(STDIN, *cursor);
                Ok(n)
            }
            Input::None | Input::Unknown => Ok(0),
        }
    }
}

impl<C: Config<Driver: Process + Fs>> Reads for Stdin<C> {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        Stdin::read(self, buffer)
    }
}

const STDIN: i32 = 0;

impl<C: Config<Driver: Process + Fs>> Input<C> {
    fn open(at: &'static Location<'static>) -> io::Result<Self> {
        Self::try_open(at).map_err(|error| in_context(error, "cannot open the standard input"))
    }

    fn try_open(at: &'static Location<'static>) -> io::Result<Self> {
        let copy = match sys::fd::duplicate(STDIN) {
            // SAFETY: new, and nobody else's.
            Ok(copy) => unsafe { OwnedFd::from_raw_fd(copy) },
            Err(errno) if sys::fd::is_closed(errno) => return Ok(Input::None),
            Err(errno) => return Err(errno.into()),
        };
        let file = std::fs::File::from(copy);
        let kind = file.metadata()?.file_type();
        if kind.is_fifo() || kind.is_char_device() || kind.is_socket() {
            let piped = match sys::pipe::open_stdin() {
                // SAFETY: as above.
                Ok(own) => Pipe::adopt(unsafe { OwnedFd::from_raw_fd(own) }, false, at),
                Err(_) => Pipe::adopt(file.try_clone()?.into(), true, at),
            };
            match piped {
                Ok(pipe) => return Ok(Input::Pipe(pipe)),
                // A device that is always ready: the system tells so of no other.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(error),
            }
        }
        let cursor = sys::file::position(STDIN).unwrap_or(0);
        Ok(Input::File(File::from_std(file)?, cursor))
    }
}

impl<C: Config> fmt::Debug for Stdin<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let input = match &self.input {
            Input::Unknown => "not looked at",
            Input::Pipe(_) => "waits in the driver",
            Input::File(..) => "a file",
            Input::None => "none",
        };
        f.debug_tuple("Stdin").field(&input).finish()
    }
}

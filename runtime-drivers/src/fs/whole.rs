//! A whole file at once: one hand-over to a blocking thread, whatever the number of system calls.

use super::call::call_on_path;
use super::errors::{about, io_error};
use crate::op::{Call, Fs};
use bespoke_core::config::Config;
use bespoke_core::driver::Operation;
use bespoke_core::io::{IntoIoBuf, IoBuf};
use bespoke_core::runtime::assert_inside;
use core::fmt;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::io;
use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;

/// Reads a whole file.
///
/// # Errors
/// As [`OpenOptions::open`](super::OpenOptions::open), and what the reads say; the message names the path.
///
/// # Cancel safety
/// Cancel safe. A read that has begun goes on to the end of the file.
///
/// # Example
#[doc = opened!()]
/// assert_eq!(fs::read(&path).await?, b"0123456789");
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn read<C: Config<Driver: Fs>>(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Vec<u8>>> + Send {
    call_on_path::<C, _>("read", path.as_ref(), |path| std::fs::read(path))
}

/// Reads a whole file of text.
///
/// # Errors
/// As [`read`]; [`InvalidData`](io::ErrorKind::InvalidData): not UTF-8.
///
/// # Cancel safety
/// As [`read`].
///
/// # Example
#[doc = opened!()]
/// assert_eq!(fs::read_to_string(&path).await?, "0123456789");
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn read_to_string<C: Config<Driver: Fs>>(
    path: impl AsRef<Path>,
) -> impl Future<Output = io::Result<String>> + Send {
    call_on_path::<C, _>("read", path.as_ref(), |path| std::fs::read_to_string(path))
}

/// Writes a whole file: makes it, or cuts it first. Yields the buffer.
///
/// # Errors
/// As [`OpenOptions::open`](super::OpenOptions::open), and what the writes say; the message names the path.
///
/// # Cancel safety
/// A write that has begun goes on to its end.
///
/// # Example
#[doc = opened!()]
/// let (written, buffer) = fs::write(&path, b"tea".to_vec()).await;
/// written?;
/// assert_eq!((&*buffer, &*fs::read(&path).await?), (&b"tea"[..], &b"tea"[..]));
/// # fs::remove_dir_all(&folder).await
/// # }
/// ```
#[track_caller]
pub fn write<C: Config<Driver: Fs>, B: IoBuf>(
    path: impl AsRef<Path>,
    buffer: impl IntoIoBuf<Buf = B>,
) -> WriteWhole<C, B> {
    let task = Task { path: path.as_ref().to_path_buf(), buffer: buffer.into_io_buf(), written: Ok(()) };
    let op = |task: &mut Box<Task<B>>| Call { run: run::<B>, on: (&raw mut **task).cast(), file: None };
    // SAFETY: the task is in a box, which goes along, and `run` is for tasks with such a buffer.
    WriteWhole { operation: unsafe { Operation::new(Box::new(task), op) }, made_at: Some(Location::caller()) }
}

struct Task<B> {
    path: PathBuf,
    buffer: B,
    written: io::Result<()>,
}

/// # Safety
/// `on` is a `Task<B>` that nobody else uses.
unsafe fn run<B: IoBuf>(on: *mut ()) {
    // SAFETY: as the caller.
    let task = unsafe { &mut *on.cast::<Task<B>>() };
    let written = std::fs::write(&task.path, task.buffer.as_bytes());
    task.written = written.map_err(|error| about("write", &task.path, error));
}

/// Writes a whole file. Made by [`write()`]; see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WriteWhole<C: Config<Driver: Fs>, B: IoBuf> {
    operation: Operation<C, Call, Box<Task<B>>>,
    /// Until the first poll.
    made_at: Option<&'static Location<'static>>,
}

impl<C: Config<Driver: Fs>, B: IoBuf> Future for WriteWhole<C, B> {
    type Output = (io::Result<()>, B);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(at) = self.made_at.take() {
            assert_inside::<C>(at);
        }
        let (ran, task) = ready!(Pin::new(&mut self.operation).poll(cx));
        let Task { buffer, written, .. } = *task;
        Poll::Ready((ran.map_err(io_error).and(written), buffer))
    }
}

impl<C: Config<Driver: Fs>, B: IoBuf> fmt::Debug for WriteWhole<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteWhole").field(&self.operation).finish()
    }
}

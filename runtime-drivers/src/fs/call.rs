//! Calls for which there is no operation: a closure, which goes where the driver has blocking operations done.

use super::errors::{about, io_error};
use crate::op::{Call, Fs};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, Operation, OwnedResource};
use bespoke_core::runtime::assert_inside;
use core::panic::Location;
use std::boxed::Box;
use std::io;
use std::path::{Path, PathBuf};

/// A closure, then what it returned.
struct Task<F, T> {
    closure: Option<F>,
    returned: Option<T>,
}

/// # Safety
/// `on` is a `Task<F, T>` that nobody else uses.
unsafe fn run<F: FnOnce() -> T, T>(on: *mut ()) {
    // SAFETY: as the caller.
    let task = unsafe { &mut *on.cast::<Task<F, T>>() };
    if let Some(closure) = task.closure.take() {
        task.returned = Some(closure());
    }
}

/// The operation that runs what is in the box, and the box.
fn op<F: FnOnce() -> T, T>(task: &mut Box<Task<F, T>>, file: Option<&OwnedResource<impl Config>>) -> Call {
    Call { run: run::<F, T>, on: (&raw mut **task).cast(), file: file.map(OwnedResource::resource) }
}

/// Runs `closure`.
pub(super) async fn call<C: Config<Driver: Fs>, F, T>(closure: F) -> Result<T, Errno>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let task = Box::new(Task { closure: Some(closure), returned: None });
    // SAFETY: the task is in a box, which goes along; `run` is for tasks of this type.
    let operation: Operation<C, Call, _> =
        unsafe { Operation::new(task, |task| op::<F, T>(task, None::<&OwnedResource<C>>)) };
    returned(operation.await)
}

/// Runs `closure`, which uses the descriptor of `file`.
pub(super) async fn call_on<C: Config<Driver: Fs>, F, T>(file: &OwnedResource<C>, closure: F) -> Result<T, Errno>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let task = Box::new(Task { closure: Some(closure), returned: None });
    // SAFETY: as above; the resource is borrowed by this future.
    let operation = unsafe { file.operation_with(task, |task| op::<F, T>(task, Some(file))) };
    returned(operation.await)
}

/// What a function of a path returns: a future that keeps what was made of the path, and the caller's line. When it is polled,
/// it looks for the runtime first; then it does `rest`, or tells that nothing could be made of the path.
#[track_caller]
pub(super) fn keeping<C: Config, K: Send, T, F>(
    kept: io::Result<K>,
    rest: impl FnOnce(K) -> F + Send,
) -> impl Future<Output = io::Result<T>> + Send
where
    F: Future<Output = io::Result<T>> + Send,
{
    let at = Location::caller();
    async move {
        assert_inside::<C>(at);
        rest(kept?).await
    }
}

/// Calls `f` with a path, which is kept; its error names that.
#[track_caller]
pub(super) fn call_on_path<C: Config<Driver: Fs>, T: Send + 'static>(
    what: &'static str,
    path: &Path,
    f: fn(&Path) -> io::Result<T>,
) -> impl Future<Output = io::Result<T>> + Send + use<C, T> {
    keeping::<C, _, _, _>(Ok(path.to_path_buf()), move |path| called_on::<C, T>(what, path, f))
}

/// The words of the error stay out of the closure: a box of what holds a `&'static str` is kept for an operation, and the
/// compiler, which forgets the lifetimes in futures, could not prove that one `Send` for every config.
async fn called_on<C: Config<Driver: Fs>, T: Send + 'static>(
    what: &'static str,
    path: PathBuf,
    f: fn(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let done = call::<C, _, _>(move || {
        let done = f(&path);
        (done, path)
    });
    let (done, path) = done.await.map_err(io_error)?;
    done.map_err(|error| about(what, &path, error))
}

fn returned<F, T>((ran, task): (Result<(), Errno>, Box<Task<F, T>>)) -> Result<T, Errno> {
    ran.map(|()| task.returned.expect("the closure ran"))
}

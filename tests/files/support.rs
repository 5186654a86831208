//! How a case is run, and what the cases share.

use bespoke::io::{IoBuf, IoBufMut};
use bespoke::prelude::*;
use bespoke::rt::File;
use bespoke::{Config, Runtime};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::alloc::System;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

#[path = "../common/runs.rs"]
#[allow(dead_code, reason = "shared by suites, each of which uses a part")]
mod runs;

pub(crate) use self::runs::{Random, count, fds, panic_of, skipped};

/// Workers that the case leaks on purpose. Each keeps the descriptor by which it is woken.
static LEAKED: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn leaks_a_worker(how_many: usize) {
    LEAKED.fetch_add(how_many, Ordering::Relaxed);
}

/// Runs a case: alone, watched, with its descriptors counted, in a folder of its own.
pub(crate) fn run(name: &'static str, case: fn(&Path)) {
    runs::alone(name, || {
        // Made and removed alone, too: both open descriptors.
        let folder = Folder::new(name);
        case(&folder.0);
        LEAKED.swap(0, Ordering::Relaxed)
    });
}

/// A folder of the case's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("bespoke-files-{}-{}", std::process::id(), name.replace("::", "-"));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).expect("a new folder");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the folder goes");
    }
}

impl Random {
    /// Up to `max` bytes, none of which is a canary's.
    pub(crate) fn bytes(&mut self, max: u64) -> Vec<u8> {
        (0..self.below(max + 1)).map(|_| self.below(u64::from(CANARY)) as u8).collect()
    }
}

/// Does `holds` become true within ten seconds?
pub(crate) fn eventually(holds: impl Fn() -> bool) -> bool {
    runs::within(Duration::from_secs(10), holds)
}

/// Does `holds` become true within ten seconds, in which the worker goes on? What a ring has is over in one of its turns.
pub(crate) async fn soon<C: Config>(holds: impl Fn() -> bool) -> bool {
    for _ in 0..10_000 {
        if holds() {
            return true;
        }
        C::sleep(Duration::from_millis(1)).await;
    }
    holds()
}

/// Closes a runtime in which every call ends: it ends before the time that it may take, so it waits in vain for nothing. How long it
/// took.
#[track_caller]
pub(crate) fn closes<C: Config>(runtime: Runtime<C>) -> Duration {
    const LIMIT: Duration = Duration::from_secs(60);
    let start = Instant::now();
    let shutdown = runtime.shutdown_timeout(LIMIT);
    let took = start.elapsed();
    assert!(shutdown.is_clean(), "{shutdown}");
    assert!(took < LIMIT / 2, "closing took {took:?}");
    took
}

/// A runtime.
pub(crate) fn runtime<C: Config>() -> Runtime<C> {
    Runtime::new().expect("a runtime starts")
}

/// A file of these bytes, opened for reading and writing.
pub(crate) async fn file_of<C: Config<Driver: Fs>>(path: &Path, bytes: &[u8]) -> File<C> {
    std::fs::write(path, bytes).expect("a file is written");
    File::options().read(true).write(true).open(path).await.expect("it is there")
}

/// A pipe with a name: opening it for reading and writing does not wait, and reading an empty one waits without end.
pub(crate) fn fifo(path: &Path) -> PathBuf {
    let text = std::ffi::CString::new(path.to_str().expect("a name in text")).expect("no zero byte");
    // SAFETY: the path is a C string, which stays during the call.
    assert_eq!(unsafe { libc::mkfifo(text.as_ptr(), 0o600) }, 0, "{}", std::io::Error::last_os_error());
    path.to_path_buf()
}

/// The same pipe, for the test: both ends at once, so that neither waits for the other.
pub(crate) fn both_ends(path: &Path) -> std::fs::File {
    std::fs::File::options().read(true).write(true).open(path).expect("a pipe is there")
}

/// Polls `future` once with the waker of the task.
pub(crate) async fn touched<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Polls a future that waits until its call has surely begun: then it cannot be taken back.
pub(crate) async fn in_the_system<C: Config, F: Future + ?Sized>(mut future: Pin<&mut F>) {
    // The first poll may meet a spent budget.
    for _ in 0..3 {
        assert!(touched(future.as_mut()).await.is_pending());
        C::sleep(Duration::from_millis(20)).await;
    }
    // One on the pool has begun when a thread has taken it.
    assert!(soon::<C>(|| C::handle().metrics().blocking.queued == 0).await, "no thread of the pool has taken it");
    C::sleep(Duration::from_millis(20)).await;
}

/// Polls `future` once, on whatever thread this is, with a waker that does nothing.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The output of a future that is ready.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match poll_once(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// What the bytes of a canary become when it is freed. No test writes it on purpose.
pub(crate) const CANARY: u8 = 0xDB;

/// Freed canaries: their memory is kept, and nobody may touch it.
static FREED: Mutex<Vec<Box<[u8]>>> = Mutex::new(Vec::new());

/// A buffer whose memory is watched after it was freed: what is written there then, or read from there, shows.
#[derive(Debug)]
pub(crate) struct Canary {
    /// The memory is used through this alone.
    bytes: *mut [u8],
    len: usize,
}

// SAFETY: it owns its memory.
unsafe impl Send for Canary {}

impl Canary {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Canary { bytes: Box::into_raw(bytes.into()), len: bytes.len() }
    }

    /// Checks what was freed until now, and gives the memory back. How much that was.
    pub(crate) fn check() -> usize {
        let freed = core::mem::take(&mut *FREED.lock().unwrap_or_else(PoisonError::into_inner));
        for block in &freed {
            assert!(block.iter().all(|byte| *byte == CANARY), "freed memory was written: {block:?}");
        }
        freed.len()
    }

    /// How many wait to be checked.
    pub(crate) fn freed() -> usize {
        FREED.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        // SAFETY: made by `new` from a box, freed once.
        let mut block = unsafe { Box::from_raw(self.bytes) };
        block.fill(CANARY);
        FREED.lock().unwrap_or_else(PoisonError::into_inner).push(block);
    }
}

// SAFETY: the bytes are on the heap, and stay.
unsafe impl IoBuf for Canary {
    fn as_ptr(&self) -> *const u8 {
        self.bytes.cast()
    }
    fn len(&self) -> usize {
        self.len
    }
}

// SAFETY: as above; all are initialised and writable.
unsafe impl IoBufMut for Canary {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.cast()
    }
    fn capacity(&self) -> usize {
        self.bytes.len()
    }
    unsafe fn set_len(&mut self, len: usize) {
        self.len = len;
    }
}

/// The system's allocator; counts what each thread asks of it.
struct Counted;

#[global_allocator]
static COUNTED: Counted = Counted;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: as the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: as the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// How often this thread has asked for memory.
pub(crate) fn allocations() -> u64 {
    ASKED.get()
}

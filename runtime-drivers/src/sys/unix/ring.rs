//! What a ring of io_uring needs beside the crate that lays it out: the waits, the numbers that entries carry, the reasons
//! why there is none.
//!
//! The crate `io-uring` maps the queues and writes entries. The calls that a loop makes are here, because a registered
//! ring is named by an index that the crate keeps in a borrowed value, and because tests count them.

use super::address::SockAddr;
use super::call::{check, errno};
use super::transfer::{IoVec, NO_SIGNAL};
use bespoke_core::driver::Errno;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use io_uring::squeue::Entry;

/// The kernel's `io_uring_getevents_arg`.
#[repr(C)]
struct WaitArgument {
    signals: u64,
    signals_len: u32,
    min_wait_us: u32,
    time: u64,
}

/// The kernel's `__kernel_timespec`: 64 bits each, on every architecture.
#[repr(C)]
struct WaitTime {
    seconds: i64,
    nanos: i64,
}

/// How a ring is named to `io_uring_enter(2)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RingName {
    /// By its descriptor.
    Descriptor(i32),
    /// By its index among the registered rings of this thread.
    Registered(u32),
}

const GETEVENTS: libc::c_uint = 1;
const SQ_WAKEUP: libc::c_uint = 1 << 1;
const EXT_ARG: libc::c_uint = 1 << 3;
const REGISTERED: libc::c_uint = 1 << 4;

/// Submits `submit` entries and returns how many were taken. `io_uring_enter(2)`.
///
/// # Errors
/// `EINTR` is one: the caller looks at what has completed, then decides. `EAGAIN`, `EBUSY`: completions must be taken first.
/// `EEXIST`: the ring belongs to another thread.
pub(crate) fn submit(ring: RingName, submit: u32) -> Result<u32, Errno> {
    without_argument(ring, submit, 0)
}

/// Wakes the kernel's thread that takes the entries of the ring. `io_uring_enter(2)`.
///
/// # Errors
/// `EOWNERDEAD`: there is none any more.
pub(crate) fn wake_thread(ring: RingName) -> Result<(), Errno> {
    without_argument(ring, 0, SQ_WAKEUP).map(drop)
}

fn without_argument(ring: RingName, submit: u32, flags: libc::c_uint) -> Result<u32, Errno> {
    let (name, by) = named(ring);
    let flags = by | flags;
    // SAFETY: no argument points anywhere; what the entries point at is the promise of whoever pushed them.
    let taken =
        unsafe { libc::syscall(libc::SYS_io_uring_enter, name, submit, 0, flags, core::ptr::null::<u8>(), 0_usize) };
    taken_of(taken)
}

/// How a call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// For so many completions.
    pub(crate) want: u32,
    /// At most so long; `None`: as long as it takes.
    pub(crate) most: Option<Duration>,
    /// After so many microseconds one completion is enough; 0: never. Not more than `most`, which is not `None` then: the kernel
    /// ends a sleep without a last moment at this one.
    pub(crate) least_us: u32,
}

impl Wait {
    /// Not at all: what is ready is finished.
    pub(crate) const LOOK: Wait = Wait { want: 0, most: None, least_us: 0 };
}

/// Submits `submit` entries and waits; wakes the kernel's thread that takes the entries, if `wakes`.
///
/// # Errors
/// As [`submit`]; the end of the time is none.
pub(crate) fn submit_and_wait(ring: RingName, submit: u32, wait: Wait, wakes: bool) -> Result<u32, Errno> {
    let (name, flags) = named(ring);
    let flags = flags | if wakes { SQ_WAKEUP } else { 0 };
    let time = wait.most.map(|most| WaitTime {
        seconds: i64::try_from(most.as_secs()).unwrap_or(i64::MAX),
        nanos: i64::from(most.subsec_nanos()),
    });
    let time = time.as_ref().map_or(0, |time| (&raw const *time).expose_provenance() as u64);
    let argument = WaitArgument { signals: 0, signals_len: 0, min_wait_us: wait.least_us, time };
    // SAFETY: `argument` and the time that it names live during the call, which reads them; for the entries see `submit`.
    let taken = unsafe {
        libc::syscall(
            libc::SYS_io_uring_enter,
            name,
            submit,
            wait.want,
            flags | GETEVENTS | EXT_ARG,
            &raw const argument,
            size_of::<WaitArgument>(),
        )
    };
    match taken_of(taken) {
        // Nothing was submitted, or the call would have said how much.
        Err(error) if error.code() == libc::ETIME => Ok(0),
        taken => taken,
    }
}

fn named(ring: RingName) -> (libc::c_int, libc::c_uint) {
    match ring {
        RingName::Descriptor(fd) => (fd, 0),
        RingName::Registered(index) => (index as libc::c_int, REGISTERED),
    }
}

fn taken_of(returned: libc::c_long) -> Result<u32, Errno> {
    check(returned as libc::c_int).map(|taken| taken as u32)
}

/// The kernel's `io_uring_rsrc_update`.
#[repr(C)]
struct RingUpdate {
    offset: u32,
    reserved: u32,
    data: u64,
}

const REGISTER_RING_FDS: libc::c_uint = 20;
const UNREGISTER_RING_FDS: libc::c_uint = 21;
const SEND_MSG_RING: libc::c_uint = 31;

/// Gives the ring an index among the registered rings of this thread, of which there are 16. `io_uring_register(2)`.
///
/// # Errors
/// `EBUSY`: all are taken. `EINVAL`: the kernel is older than 5.18.
pub(crate) fn register_ring(fd: i32) -> Result<u32, Errno> {
    let mut update = RingUpdate { offset: u32::MAX, reserved: 0, data: fd as u64 };
    // SAFETY: `update` is live and writable during the call, and one of them.
    let done = unsafe { libc::syscall(libc::SYS_io_uring_register, fd, REGISTER_RING_FDS, &raw mut update, 1) };
    taken_of(done).map(|_| update.offset)
}

/// Gives the index back, on the thread that registered it.
pub(crate) fn unregister_ring(fd: i32, index: u32) -> Result<(), Errno> {
    let update = RingUpdate { offset: index, reserved: 0, data: 0 };
    // SAFETY: `update` is live during the call, and one of them.
    let done = unsafe { libc::syscall(libc::SYS_io_uring_register, fd, UNREGISTER_RING_FDS, &raw const update, 1) };
    taken_of(done).map(drop)
}

/// The kernel's `io_uring_rsrc_update2`.
#[repr(C)]
struct TableUpdate {
    offset: u32,
    reserved: u32,
    data: u64,
    tags: u64,
    count: u32,
    reserved_too: u32,
}

const REGISTER_BUFFERS: libc::c_uint = 0;
const REGISTER_BUFFERS_UPDATE: libc::c_uint = 16;

/// Gives the ring a table of `count` registered buffers, at most 16, all of them empty. `io_uring_register(2)`.
///
/// # Errors
/// `EBUSY`: it has one. `EEXIST`: the ring belongs to another thread.
pub(crate) fn register_buffers(fd: i32, count: usize) -> Result<(), Errno> {
    let empty = [IoVec::new(core::ptr::null_mut(), 0); 16];
    let empty = &empty[..count];
    // SAFETY: the list is live during the call, which copies it, and names no memory.
    let done = unsafe { libc::syscall(libc::SYS_io_uring_register, fd, REGISTER_BUFFERS, empty.as_ptr(), count) };
    taken_of(done).map(drop)
}

/// Puts the `len` bytes at `start` into a place of that table: the kernel locks their pages, and reads and writes them
/// for entries that name the place. Null and 0: the place is empty; entries that the kernel has begun go on.
/// `io_uring_register(2)`.
///
/// # Errors
/// `ENOMEM`: the limit of locked memory. `EFAULT`: the memory is not mapped, or longer than 1 GiB. `EEXIST`: the ring
/// belongs to another thread.
pub(crate) fn update_buffer(fd: i32, place: u32, start: *mut u8, len: usize) -> Result<(), Errno> {
    let buffer = IoVec::new(start, len);
    let data = (&raw const buffer).expose_provenance() as u64;
    let update = TableUpdate { offset: place, reserved: 0, data, tags: 0, count: 1, reserved_too: 0 };
    let bytes = size_of::<TableUpdate>();
    // SAFETY: `update` and the buffer that it names are live during the call, which copies both. It touches no byte of
    // the memory.
    let done =
        unsafe { libc::syscall(libc::SYS_io_uring_register, fd, REGISTER_BUFFERS_UPDATE, &raw const update, bytes) };
    taken_of(done).map(drop)
}

/// Has a ring complete once more, as `entry` says, which is a message to it. From any thread, with or without a ring of its
/// own; it waits for nothing. `io_uring_register(2)`, `IORING_REGISTER_SEND_MSG_RING`.
///
/// # Errors
/// Nothing was sent. `EBADFD`: the ring is not enabled, or the descriptor is of none. `EINVAL`: the kernel is older than 6.13.
/// `ENOMEM`; what a filter says.
pub(crate) fn send_message(entry: &Entry) -> Result<(), Errno> {
    let entry: *const Entry = entry;
    // SAFETY: `entry` is live during the call, which copies it, and one of them. A message points at nothing.
    let done = unsafe { libc::syscall(libc::SYS_io_uring_register, -1, SEND_MSG_RING, entry, 1) };
    taken_of(done).map(drop)
}

/// What a message of several stretches, or with an address, is for the kernel; it must stay where it is meanwhile.
pub(crate) struct Message {
    header: libc::msghdr,
}

impl Message {
    /// An empty one.
    pub(crate) const fn empty() -> Self {
        let header = MaybeUninit::<libc::msghdr>::zeroed();
        // SAFETY: made of integers and raw pointers, for which zero is a value.
        Message { header: unsafe { header.assume_init() } }
    }

    /// Lists the first `count` of `stretches`, which stay where they are. The kernel's own type, for an entry.
    pub(crate) fn of_stretches(&mut self, stretches: *const IoVec, count: usize) -> *const libc::msghdr {
        // `IoVec` is transparent over `iovec`. The kernel does not write the list, despite the type.
        self.header.msg_iov = stretches.cast_mut().cast();
        self.header.msg_iovlen = count as _;
        &raw const self.header
    }
}

/// Where the address lies for an entry that reads it, and its length.
pub(crate) fn address_of(address: &SockAddr) -> (*const libc::sockaddr, libc::socklen_t) {
    address.as_raw()
}

/// Where an entry may write an address and its length.
pub(crate) fn room_for_address(address: &mut SockAddr) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
    address.as_raw_mut()
}

/// Flags of a send: no `SIGPIPE`; with `all`, one completion for the whole.
pub(crate) const fn send_flags(all: bool) -> i32 {
    NO_SIGNAL | if all { libc::MSG_WAITALL } else { 0 }
}

/// Flags of an accepted descriptor: close-on-exec, and blocking, as an entry waits in the kernel only then.
pub(crate) const ACCEPT_FLAGS: i32 = libc::SOCK_CLOEXEC;

/// Paths that do not begin at the root begin at the folder of the process.
pub(crate) const FROM_HERE: i32 = libc::AT_FDCWD;
/// The name to take away is that of a folder.
pub(crate) const REMOVE_DIR: i32 = libc::AT_REMOVEDIR;

/// What a poll for reading asks for.
pub(crate) const POLL_READ: u32 = (libc::POLLIN | libc::POLLPRI) as u32 | libc::POLLRDHUP as u32;
/// What a poll for writing asks for.
pub(crate) const POLL_WRITE: u32 = libc::POLLOUT as u32;
/// What every poll is told: the connection is gone, or has an error.
pub(crate) const POLL_GONE: u32 = (libc::POLLERR | libc::POLLHUP) as u32;
/// A byte of urgent data lies ahead.
pub(crate) const POLL_URGENT: u32 = libc::POLLPRI as u32;

/// The codes that the driver tells apart.
pub(crate) mod code {
    /// By a security module.
    pub(crate) const ACCESS: i32 = libc::EACCES;
    /// A connection was asked for before, and is on its way.
    pub(crate) const ALREADY: i32 = libc::EALREADY;
    /// Nothing there; of an entry: its descriptor does not block.
    pub(crate) const AGAIN: i32 = libc::EAGAIN;
    pub(crate) const BUSY: i32 = libc::EBUSY;
    pub(crate) const CANCELED: i32 = libc::ECANCELED;
    pub(crate) const EXISTS: i32 = libc::EEXIST;
    pub(crate) const INTERRUPTED: i32 = libc::EINTR;
    pub(crate) const INVALID: i32 = libc::EINVAL;
    /// A splice was interrupted, where other entries say `EINTR`: what the kernel says to itself when a call is to be made again
    /// (`ERESTARTSYS` of linux/errno.h).
    pub(crate) const RESTART: i32 = 512;
    pub(crate) const NO_BUFFERS: i32 = libc::ENOBUFS;
    pub(crate) const NO_MEMORY: i32 = libc::ENOMEM;
    /// Of a ring that was set up disabled.
    pub(crate) const NOT_ENABLED: i32 = libc::EBADFD;
    pub(crate) const NOT_PERMITTED: i32 = libc::EPERM;
    pub(crate) const NOT_SUPPORTED: i32 = libc::EOPNOTSUPP;
    pub(crate) const NOT_IMPLEMENTED: i32 = libc::ENOSYS;
    pub(crate) const NO_DESCRIPTORS: i32 = libc::EMFILE;
    pub(crate) const FAULT: i32 = libc::EFAULT;
    pub(crate) const TIME_IS_UP: i32 = libc::ETIME;
}

/// What a poll cannot watch: a file that is always ready. `epoll` says so, and so does this driver.
pub(crate) const NOT_POLLABLE: Errno = errno(libc::EPERM);

/// Is it an open file that a poll can watch? `fstat(2)`: plain files and folders are always ready.
///
/// # Errors
/// `EBADF`; [`NOT_POLLABLE`].
pub(crate) fn check_pollable(fd: i32) -> Result<(), Errno> {
    let mut stat = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `stat` is live and writable, and of the type that the call fills.
    let got = unsafe { libc::fstat(fd, stat.as_mut_ptr()) };
    check(got)?;
    // SAFETY: the call filled it, and zero was a value before.
    let stat = unsafe { stat.assume_init() };
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFREG | libc::S_IFDIR => Err(NOT_POLLABLE),
        _ => Ok(()),
    }
}

/// `kernel.io_uring_disabled`, where the kernel has it (6.6). 0: anybody may; 1: a group; 2: nobody.
pub(crate) fn disabled_setting() -> Option<u8> {
    let text = std::fs::read("/proc/sys/kernel/io_uring_disabled").ok()?;
    text.first().and_then(|digit| digit.checked_sub(b'0')).filter(|value| *value <= 2)
}

/// A number for the calling thread, from 1 on, that no other thread of this process ever has. The system's own comes again
/// when its thread is gone.
pub(crate) fn thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    std::thread_local! {
        static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|number| *number)
}

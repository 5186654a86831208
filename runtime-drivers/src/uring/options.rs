//! What a ring is cut to when the program is written.

use core::fmt;
use core::marker::PhantomData;

/// The I/O driver of Linux whose operations are entries of a ring that the kernel takes and completes: `io_uring(7)`.
///
/// `ENTRIES` is how many operations one system call submits: a power of two from 1 to 32,768. More than that may be in
/// flight. `O` says the rest; see [`RingOptions`].
///
/// | | |
/// |---|---|
/// | needs | Linux 5.15, and that nobody denies it: containers often do. 6.1 and newer are served better |
/// | system calls | one per turn of the loop, whatever the number of operations |
/// | files | entries as well, without an allocation. On the blocking pool: what no entry means, see below |
/// | stays | with the thread that first runs the worker, as long as an operation is on its way: see [`RingOptions::MOVABLE`] |
///
/// # Files
/// Whole files, lists of folders, permissions, lengths before Linux 6.9, and transfers of files that were opened with
/// `O_NONBLOCK` go to the blocking pool. All else is done by the kernel: at once where it can, else on threads of its own, at
/// most as many as there are entries.
pub struct IoUring<const ENTRIES: u32 = 256, O: RingOptions = Usual>(PhantomData<fn() -> O>);

impl<const ENTRIES: u32, O: RingOptions> Clone for IoUring<ENTRIES, O> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<const ENTRIES: u32, O: RingOptions> Copy for IoUring<ENTRIES, O> {}

impl<const ENTRIES: u32, O: RingOptions> fmt::Debug for IoUring<ENTRIES, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IoUring<{ENTRIES}>")
    }
}

/// What is chosen about a ring beside the number of its entries. All of it has a usual value.
pub trait RingOptions: 'static {
    /// How many completions the kernel has room for before it keeps them on a list of its own. 0: four times the entries.
    const COMPLETIONS: u32 = 0;
    /// How many buffers of 4 KiB lie ready for what streams receive: a power of two, at most 32,768. A stream that waits
    /// holds none.
    const BUFFERS: u16 = 256;
    /// May the worker be run by one thread after another while operations are on their way? Then the ring goes without
    /// `SINGLE_ISSUER` and `DEFER_TASKRUN`, and each completion costs more. Each thread that ran the worker keeps the kernel's
    /// side of the ring until that thread ends, also when the runtime is gone; it has room for sixteen of them, and does
    /// without the index that makes a call cheaper after that.
    const MOVABLE: bool = false;
    /// The newest kernel whose abilities are used. For tests of older ones.
    #[doc(hidden)]
    const KERNEL: Kernel = Kernel::Any;
}

/// The usual [`RingOptions`].
#[derive(Debug, Clone, Copy)]
pub struct Usual;

impl RingOptions for Usual {}

/// Kernels that brought something, oldest first.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kernel {
    /// One without io_uring.
    Without,
    /// 5.15, the oldest that will do.
    V5_15,
    /// 6.1: `SINGLE_ISSUER`, `DEFER_TASKRUN`, rings of provided buffers, multishot `recv` and `accept`, cancel by kind.
    V6_1,
    /// 6.12: `NO_SQARRAY` (6.6), `ftruncate` (6.9).
    V6_12,
    /// Whatever runs.
    Any,
}

/// The options as values, for code that is not generic over them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) entries: u32,
    pub(super) completions: u32,
    pub(super) buffers: u16,
    pub(super) movable: bool,
    pub(super) kernel: Kernel,
}

impl Settings {
    pub(super) const fn of<const ENTRIES: u32, O: RingOptions>() -> Self {
        Settings {
            entries: ENTRIES,
            completions: if O::COMPLETIONS == 0 { ENTRIES * 4 } else { O::COMPLETIONS },
            buffers: O::BUFFERS,
            movable: O::MOVABLE,
            kernel: O::KERNEL,
        }
    }

    /// What is wrong with them, as a sentence.
    pub(super) const fn wrong(self) -> Option<&'static str> {
        if !self.entries.is_power_of_two() || self.entries > 32_768 {
            return Some("the entries of an `IoUring` are a power of two from 1 to 32768");
        }
        if self.completions < self.entries || self.completions > 65_536 {
            return Some("`RingOptions::COMPLETIONS` is 0, or from the number of entries to 65536");
        }
        if !self.buffers.is_power_of_two() || self.buffers > 32_768 {
            return Some("`RingOptions::BUFFERS` is a power of two from 1 to 32768");
        }
        None
    }
}

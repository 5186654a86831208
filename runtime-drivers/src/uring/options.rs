//! What a ring is cut to when the program is written.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

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

/// What is chosen about a ring beside the number of its entries. All of it has a usual value, which is right for most programs:
/// each option costs something, and says what.
///
/// ```
/// use bespoke::driver::{Batch, IoUring, RingOptions};
/// use core::time::Duration;
///
/// struct Patient;
///
/// impl RingOptions for Patient {
///     const COMPLETIONS: u32 = 4096;
///     const BATCH: Option<Batch> = Some(Batch::of(16, Duration::from_micros(50)));
/// }
///
/// struct App;
///
/// #[bespoke::config]
/// impl bespoke::Config for App {
///     type Driver = IoUring<256, Patient>;
/// }
/// ```
///
/// What is refused does not compile. What a kernel is too old for is left out, and
/// [`Runtime::driver_report`](bespoke_core::runtime::Runtime::driver_report) says so. Where it denies a thread, the runtime
/// does not start, and the error says what was denied.
pub trait RingOptions: 'static {
    /// How many completions the kernel has room for before it keeps them on a list of its own: from the number of entries to
    /// 65,536, rounded up to a power of two. 0: four times the entries.
    ///
    /// Too few lose nothing: what has no room waits in the kernel, with an allocation and a call more for it. More cost 16 bytes
    /// each. A server on whose connections thousands of things happen at once is served by more.
    ///
    /// Every kernel that runs the driver has it: `IORING_SETUP_CQSIZE` of `io_uring_setup(2)`.
    const COMPLETIONS: u32 = 0;
    /// How many buffers of 4 KiB lie ready for what streams receive: a power of two, at most 32,768. A stream that waits
    /// holds none.
    const BUFFERS: u16 = 256;
    /// May the worker be run by one thread after another while operations are on their way? Then the ring goes without
    /// `SINGLE_ISSUER` and `DEFER_TASKRUN`, and each completion costs more. Each thread that ran the worker keeps the kernel's
    /// side of the ring until that thread ends, also when the runtime is gone; it has room for sixteen of them, and does
    /// without the index that makes a call cheaper after that.
    ///
    /// To [block in place](bespoke_core::runtime::Ambient::block_in_place) takes no such ring; with one it costs less.
    const MOVABLE: bool = false;
    /// A thread of the kernel's that takes entries as they are queued, one for each worker, so that a busy worker makes no calls
    /// at all. `None`: the worker's own call hands them over.
    ///
    /// It runs without a pause while there is something to do, and for a while after that: a processor for each worker. That pays
    /// where processors are free and calls are dear; on a machine without a processor to spare, both are slower. Completions
    /// are not deferred then (the kernel has no such ring), nor in [batches](Self::BATCH). A call that closes a listener which
    /// others share, or gives a socket away, waits for that thread: microseconds, at worst a second, where it finds no
    /// processor. So does a shutdown, also one that waits for nothing else.
    ///
    /// Linux 5.15 lets every user have it; a security module may deny it. `IORING_SETUP_SQPOLL` of `io_uring_setup(2)`.
    const SQ_POLL: Option<SqPoll> = None;
    /// A worker that has nothing to do sleeps until so many completions are there, or, after so long, one: fewer turns, each
    /// with more to do. `None`: it wakes with the first.
    ///
    /// What comes alone waits for so long: that is latency for each request of a program that is not busy, for what other
    /// threads wake, and for the driver's own [`Timeout`](bespoke_core::driver::Timeout); sleeps of the runtime are on time. It
    /// saves calls, not always processor time: measure it. Programs that move bytes at a steady rate gain, those that answer
    /// do not.
    ///
    /// Linux 6.12; on an older one each completion wakes, and [the report of the
    /// driver](bespoke_core::runtime::Runtime::driver_report) says so. Neither with [`SQ_POLL`](Self::SQ_POLL) nor with
    /// [`MOVABLE`](Self::MOVABLE): up to the end of 2025 the kernel sleeps on there past a completion. `min_wait_usec` of
    /// `io_uring_enter(2)`.
    const BATCH: Option<Batch> = None;
    /// Is the worker woken from other threads by messages to its ring (`MSG_RING`)? Else by an eventfd, which the ring polls.
    ///
    /// Both are one call of the thread that wakes. A message passes through less of the kernel, and takes some memory of it for
    /// a moment. It names the ring by a descriptor of its own, one for each worker. Take it where workers, or a program's own
    /// threads, wake each other often: measure it.
    ///
    /// Linux 6.13; on an older one the eventfd wakes, and [the report of the
    /// driver](bespoke_core::runtime::Runtime::driver_report) says so. A message that fails is followed by the eventfd. Neither
    /// with [`SQ_POLL`](Self::SQ_POLL) nor with [`MOVABLE`](Self::MOVABLE): messages go to rings that belong to a thread.
    /// `io_uring_register_sync_msg(3)`.
    const WAKES_BY_MESSAGE: bool = false;
    /// From how many bytes on a write to a TCP stream is sent out of the program's own buffer, without a copy into the
    /// kernel's. `None`: never.
    ///
    /// Such a write is over when the peer has acknowledged the bytes, since its buffer is the kernel's until then: a task that
    /// writes one buffer after the other waits for a round trip after each, and for as long as the peer does not read. So does
    /// what waits for a write that was dropped: the next one, and `take_interrupted`. It completes twice, and its pages count
    /// as locked memory (`ulimit -l`) meanwhile. That pays for large writes through a network card that gathers pages itself,
    /// from some 10 KiB on (says `msg_zerocopy.rst` of the kernel); measure it. To a peer on the same machine, or through a
    /// card that does not, the kernel copies in the end, later than it would have.
    ///
    /// A stream for which the kernel refuses it once is written to as usual from then on: for want of memory that may be locked,
    /// or because it is none of TCP. Linux 6.1; on an older one all is copied, and [the report of the
    /// driver](bespoke_core::runtime::Runtime::driver_report) says so. `io_uring_prep_send_zc(3)`.
    const ZERO_COPY: Option<usize> = None;
    /// The newest kernel whose abilities are used. For tests of older ones.
    #[doc(hidden)]
    const KERNEL: Kernel = Kernel::Any;
}

/// The usual [`RingOptions`].
#[derive(Debug, Clone, Copy)]
pub struct Usual;

impl RingOptions for Usual {}

/// A thread of the kernel's that takes the entries of a ring: [`RingOptions::SQ_POLL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqPoll {
    idle: Duration,
    cpu: Option<u32>,
}

impl SqPoll {
    /// One that sleeps when it has found nothing to do for `idle`: a millisecond to an hour, of which whole milliseconds count.
    /// A worker wakes it with a call.
    #[must_use]
    pub const fn idle_after(idle: Duration) -> Self {
        SqPoll { idle, cpu: None }
    }

    /// The same, which stays on processor `cpu`, by the system's number; the threads of all workers do. Where the kernel has
    /// no such processor, or this process may not use it, the runtime does not start.
    #[must_use]
    pub const fn on_cpu(self, cpu: u32) -> Self {
        SqPoll { idle: self.idle, cpu: Some(cpu) }
    }

    pub(super) const fn idle_ms(self) -> u32 {
        // Checked by `Settings::wrong`: at most an hour.
        self.idle.as_millis() as u32
    }

    pub(super) const fn cpu(self) -> Option<u32> {
        self.cpu
    }
}

/// How many completions end a sleep: [`RingOptions::BATCH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    count: u32,
    within: Duration,
}

impl Batch {
    /// A sleep ends with `count` completions, 2 to the number that there is room for; or, when it has lasted for `within`, with
    /// one. `within` is a microsecond to a second, of which whole microseconds count.
    #[must_use]
    pub const fn of(count: u32, within: Duration) -> Self {
        Batch { count, within }
    }

    pub(super) const fn count(self) -> u32 {
        self.count
    }

    pub(super) const fn within(self) -> Duration {
        self.within
    }
}

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
    /// 6.12: `NO_SQARRAY` (6.6), `ftruncate` (6.9), sleeps with a least time (6.12).
    V6_12,
    /// Whatever runs.
    Any,
    /// Whatever runs, on workers with an even number; none on the others.
    OfEvenWorkers,
}

/// The options as values, for code that is not generic over them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) entries: u32,
    pub(super) completions: u32,
    pub(super) buffers: u16,
    pub(super) movable: bool,
    pub(super) sq_poll: Option<SqPoll>,
    pub(super) batch: Option<Batch>,
    pub(super) wakes_by_message: bool,
    pub(super) zero_copy: Option<usize>,
    pub(super) kernel: Kernel,
}

impl Settings {
    pub(super) const fn of<const ENTRIES: u32, O: RingOptions>() -> Self {
        Settings {
            entries: ENTRIES,
            completions: match O::COMPLETIONS {
                0 if ENTRIES > COMPLETIONS_MAX / 4 => COMPLETIONS_MAX,
                0 => ENTRIES * 4,
                given => given,
            },
            buffers: O::BUFFERS,
            movable: O::MOVABLE,
            sq_poll: O::SQ_POLL,
            batch: O::BATCH,
            wakes_by_message: O::WAKES_BY_MESSAGE,
            zero_copy: O::ZERO_COPY,
            kernel: O::KERNEL,
        }
    }

    /// Those of one worker.
    pub(super) const fn of_worker(self, worker: usize) -> Self {
        match self.kernel {
            Kernel::OfEvenWorkers if worker % 2 == 1 => Settings { kernel: Kernel::Without, ..self },
            _ => self,
        }
    }

    /// What is wrong with them, as a sentence.
    pub(super) const fn wrong(self) -> Option<&'static str> {
        if !self.entries.is_power_of_two() || self.entries > 32_768 {
            return Some("the entries of an `IoUring` are a power of two from 1 to 32768");
        }
        if self.completions < self.entries || self.completions > COMPLETIONS_MAX {
            return Some("`RingOptions::COMPLETIONS` is 0, or from the number of entries to 65536");
        }
        if !self.buffers.is_power_of_two() || self.buffers > 32_768 {
            return Some("`RingOptions::BUFFERS` is a power of two from 1 to 32768");
        }
        if let Some(thread) = self.sq_poll {
            let idle = thread.idle.as_millis();
            if idle == 0 || idle > HOUR.as_millis() {
                return Some("the thread of `RingOptions::SQ_POLL` sleeps after a millisecond to an hour");
            }
        }
        if let Some(batch) = self.batch {
            let within = batch.within.as_micros();
            if batch.count < 2 || batch.count > self.completions {
                return Some("`RingOptions::BATCH` counts from 2 to the number of completions that there is room for");
            }
            if within == 0 || within > SECOND.as_micros() {
                return Some("`RingOptions::BATCH` waits for a microsecond to a second");
            }
            if self.sq_poll.is_some() {
                return Some(
                    "`RingOptions::BATCH` and `RingOptions::SQ_POLL` exclude each other: a sleep whose least time is over \
                     would not end with a completion on kernels before 2026; take one of the two out",
                );
            }
            if self.movable {
                return Some(
                    "`RingOptions::BATCH` and `RingOptions::MOVABLE` exclude each other: a sleep whose least time is over \
                     would not end with a completion on kernels before 2026; take one of the two out",
                );
            }
        }
        if let Some(0) = self.zero_copy {
            return Some("`RingOptions::ZERO_COPY` is of one byte at least: nothing is sent of an empty buffer");
        }
        if self.wakes_by_message && self.sq_poll.is_some() {
            return Some(
                "`RingOptions::WAKES_BY_MESSAGE` and `RingOptions::SQ_POLL` exclude each other: messages go to rings that \
                 belong to a thread; take one of the two out",
            );
        }
        if self.wakes_by_message && self.movable {
            return Some(
                "`RingOptions::WAKES_BY_MESSAGE` and `RingOptions::MOVABLE` exclude each other: messages go to rings that \
                 belong to a thread; take one of the two out",
            );
        }
        None
    }
}

/// More than that the kernel has no room for.
const COMPLETIONS_MAX: u32 = 65_536;
const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

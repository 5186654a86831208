//! One ring of the kernel: its set-up, its two queues, the one call of a turn.
//!
//! # Invariants
//! 1. Entries reach the kernel in the order in which they were pushed: what finds the queue full waits in `backlog`, and
//!    nothing passes it.
//! 2. What an entry points at lives until its terminal completion: the promise of [`Ring::push`]'s caller.
//! 3. Once `thread` is not 0, a ring with one issuer is entered by that thread alone.
//! 4. In a forked child nothing is mapped where the queues are, or something of the child's own. So a copy is not looked into,
//!    and when it is dropped, nothing is unmapped.
//! 5. Where a thread of the kernel's takes the entries, it does so at any time, also after a call has returned, until the ring is
//!    gone. Nothing but the head of the queue tells that it has one: what a call returns tells nothing.

use super::alarm::takes_messages;
use super::options::{Batch, Kernel, Settings};
use super::probe::Denied;
use crate::sys::fork;
use crate::sys::ring::{self as calls, RingName, Wait, code};
use bespoke_core::driver::Errno;
use core::mem::ManuallyDrop;
use core::time::Duration;
use io_uring::squeue::Entry;
use io_uring::{IoUring, cqueue};
use std::collections::VecDeque;
use std::os::fd::AsRawFd as _;

mod issuer;
mod polled;
mod turn;

pub(super) use self::turn::Call;

/// A completion, as the kernel wrote it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completion {
    pub(super) user_data: u64,
    pub(super) result: i32,
    pub(super) flags: u32,
}

impl Completion {
    /// Will the same entry complete again?
    pub(super) fn more(self) -> bool {
        cqueue::more(self.flags)
    }

    /// Is it one of two that an entry has? The first says so, and the second is the kernel's notice that it needs the memory no
    /// more.
    pub(super) fn is_of_two(self) -> bool {
        cqueue::more(self.flags) || cqueue::notif(self.flags)
    }

    /// The provided buffer that it fills.
    pub(super) fn buffer(self) -> Option<u16> {
        cqueue::buffer_select(self.flags)
    }
}

/// With which of the flags a ring was set up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) submit_all: bool,
    pub(super) coop_taskrun: bool,
    pub(super) single_issuer: bool,
    pub(super) defer_taskrun: bool,
    pub(super) no_sqarray: bool,
    /// No step of the ladder: who asks for the thread has it, or no ring.
    pub(super) sq_poll: bool,
}

impl Flags {
    /// What is asked for first. Where a thread of the kernel's takes the entries, it runs what is left of them, too: the kernel
    /// refuses to have that deferred to calls of another.
    pub(super) const fn all(movable: bool, sq_poll: bool) -> Self {
        Flags {
            submit_all: true,
            coop_taskrun: !sq_poll,
            single_issuer: !movable && !sq_poll,
            defer_taskrun: !movable && !sq_poll,
            no_sqarray: true,
            sq_poll,
        }
    }

    /// One flag less: the newest that is left. `None`: none was left.
    pub(super) fn fewer(mut self) -> Option<Self> {
        let newest_first = [
            &mut self.no_sqarray,
            &mut self.defer_taskrun,
            &mut self.single_issuer,
            &mut self.coop_taskrun,
            &mut self.submit_all,
        ];
        *newest_first.into_iter().find(|flag| **flag)? = false;
        Some(self)
    }

    /// The kernel that brought the newest of them.
    fn since(self) -> Kernel {
        if self.no_sqarray {
            Kernel::V6_12
        } else if self.defer_taskrun || self.single_issuer || self.coop_taskrun || self.submit_all {
            Kernel::V6_1
        } else {
            Kernel::V5_15
        }
    }
}

/// One ring.
pub(super) struct Ring {
    /// Not dropped in a copy (invariant 4).
    queues: ManuallyDrop<IoUring>,
    flags: Flags,
    name: RingName,
    /// Who enters it; 0: nobody yet.
    thread: usize,
    /// Where tasks move, of the one in the driver's hands: nobody runs the worker by it. That thread has left, and is not back.
    is_left: bool,
    backlog: VecDeque<Entry>,
    settings: Settings,
    /// How many completions end a sleep, if that is asked for and the kernel can.
    batch: Option<Batch>,
    /// Completions that are taken before those of the kernel: those that a turn has put off, and of entries that a test's
    /// kernel does not know, which complete as invalid.
    aside: VecDeque<Completion>,
    /// Was anything queued that the last turn did not see?
    fresh: bool,
    /// Calls of `io_uring_enter`.
    enters: u64,
    /// The thread that takes entries is said to have left some.
    #[cfg(test)]
    is_stuck: bool,
    /// [`forks`](fork::forks) at the set-up.
    forks: u32,
}

impl Ring {
    /// A ring that nobody has entered. A short lack of memory is waited for: what a ring takes is given back late.
    pub(super) fn new(settings: Settings) -> Result<Self, Denied> {
        let mut attempts = 0;
        loop {
            match Self::by_ladder(settings) {
                Err(denied) if denied.code() == code::NO_MEMORY && attempts < RETRIES => {
                    attempts += 1;
                    wait_for_memory();
                }
                made => return made,
            }
        }
    }

    /// Drops one flag after the other as long as the kernel calls the whole invalid.
    fn by_ladder(settings: Settings) -> Result<Self, Denied> {
        if settings.kernel == Kernel::Without {
            return Err(Denied::by(code::NOT_IMPLEMENTED));
        }
        let mut flags = Flags::all(settings.movable, settings.sq_poll.is_some());
        loop {
            match Self::set_up(settings, flags) {
                Ok(queues) => {
                    if !queues.params().is_feature_ext_arg() || !queues.params().is_feature_nodrop() {
                        return Err(Denied::too_old());
                    }
                    let name = RingName::Descriptor(queues.as_raw_fd());
                    // Where completions are not deferred, a sleep goes on past one whose least time is over (up to 2025).
                    let least_times = settings.kernel >= Kernel::V6_12 && queues.params().is_feature_min_timeout();
                    let batch = settings.batch.filter(|_| least_times && flags.defer_taskrun);
                    return Ok(Ring {
                        queues: ManuallyDrop::new(queues),
                        flags,
                        name,
                        thread: 0,
                        is_left: false,
                        backlog: VecDeque::new(),
                        settings,
                        batch,
                        aside: VecDeque::new(),
                        fresh: false,
                        enters: 0,
                        #[cfg(test)]
                        is_stuck: false,
                        forks: fork::forks(),
                    });
                }
                Err(errno) if errno == code::INVALID => {
                    flags = flags.fewer().ok_or_else(|| Self::denied(settings, errno))?
                }
                Err(errno) => return Err(Self::denied(settings, errno)),
            }
        }
    }

    /// Why there is no ring: is it the thread of the kernel's alone that is denied?
    #[cold]
    fn denied(settings: Settings, errno: i32) -> Denied {
        match settings.sq_poll {
            Some(thread) if IoUring::new(1).is_ok() => Denied::by_thread(errno, thread.cpu().is_some()),
            _ => Denied::by(errno),
        }
    }

    fn set_up(settings: Settings, flags: Flags) -> Result<IoUring, i32> {
        if flags.since() > settings.kernel {
            return Err(code::INVALID);
        }
        let mut builder = IoUring::builder();
        builder.setup_clamp().setup_cqsize(settings.completions).dontfork();
        if flags.submit_all {
            builder.setup_submit_all();
        }
        if flags.coop_taskrun {
            builder.setup_coop_taskrun().setup_taskrun_flag();
        }
        if flags.single_issuer {
            // The issuer is who enables it: the thread that runs the worker, which need not be this one.
            builder.setup_single_issuer().setup_r_disabled();
        }
        if flags.defer_taskrun {
            builder.setup_defer_taskrun();
        }
        if flags.no_sqarray {
            builder.setup_no_sqarray();
        }
        if let Some(thread) = settings.sq_poll {
            builder.setup_sqpoll(thread.idle_ms());
            if let Some(cpu) = thread.cpu() {
                builder.setup_sqpoll_cpu(cpu);
            }
        }
        builder.build(settings.entries).map_err(|error| error.raw_os_error().unwrap_or(code::INVALID))
    }

    pub(super) fn flags(&self) -> Flags {
        self.flags
    }

    pub(super) fn settings(&self) -> Settings {
        self.settings
    }

    pub(super) fn queues(&self) -> &IoUring {
        &self.queues
    }

    /// Its descriptor.
    pub(super) fn fd(&self) -> i32 {
        self.queues.as_raw_fd()
    }

    /// Will it take messages when it is enabled? Those that belong to a thread do, and only they are not enabled at first.
    pub(super) fn takes_messages(&self) -> bool {
        self.settings.kernel >= Kernel::Any && self.flags.defer_taskrun && takes_messages(self.fd())
    }

    /// Is this a forked child, and the ring the parent's? Its queues are not mapped here then.
    #[inline]
    pub(super) fn is_copy(&self) -> bool {
        self.forks != fork::forks()
    }

    /// Queues an entry of a kind that came with `since`. In a forked child nothing happens: nobody waits there any more.
    ///
    /// # Safety
    /// What it points at lives until its terminal completion was taken (invariant 2).
    #[inline]
    pub(super) unsafe fn push(&mut self, entry: Entry, since: Kernel) {
        if self.is_copy() {
            return;
        }
        self.fresh = true;
        // No ring is made for a kernel before 5.15.
        if since > Kernel::V5_15 && since > self.settings.kernel {
            return self.complete_as_invalid(entry.get_user_data());
        }
        // SAFETY: the caller's promise.
        if !self.backlog.is_empty() || unsafe { self.queues.submission().push(&entry) }.is_err() {
            self.push_behind(entry);
        }
    }

    #[cold]
    fn complete_as_invalid(&mut self, user_data: u64) {
        self.aside.push_back(Completion { user_data, result: -code::INVALID, flags: 0 });
    }

    /// There is no room: the kernel takes what is there, and there is room. What it refuses waits, in order.
    #[cold]
    fn push_behind(&mut self, entry: Entry) {
        let first = self.backlog.is_empty();
        self.backlog.push_back(entry);
        if first {
            self.flush();
        }
    }

    /// Makes room for the backlog and moves it into the queue, until the kernel takes no more.
    #[cold]
    fn flush(&mut self) {
        if !self.is_entered_here() {
            return; // its turn does it
        }
        if self.flags.sq_poll {
            return self.flush_to_thread();
        }
        while !self.backlog.is_empty() {
            let waiting = self.queues.submission().len();
            if waiting > 0 && self.thread == 0 {
                return; // nobody may enter yet
            }
            if waiting > 0 {
                self.enters += 1;
                match calls::submit(self.name, waiting as u32) {
                    Ok(0) | Err(_) => return, // completions must be taken first; the park tells of what is worse
                    Ok(_) => {}
                }
            }
            self.fill();
        }
    }

    /// Was anything queued since the last turn began?
    #[inline]
    pub(super) fn has_fresh(&self) -> bool {
        self.fresh
    }

    /// Has the kernel take what is queued, without a turn. What it does not take goes with the next one.
    #[cold]
    pub(super) fn submit_now(&mut self) {
        if !self.is_entered_here() {
            return; // its worker is told, if it sleeps
        }
        if self.flags.sq_poll {
            return self.settle();
        }
        let waiting = self.queues.submission().len();
        self.enters += 1;
        // The next park tells of what is wrong.
        let _ = calls::submit(self.name, waiting as u32);
    }

    /// Moves what fits of the backlog into the queue.
    fn fill(&mut self) {
        while let Some(entry) = self.backlog.front() {
            // SAFETY: it was pushed, with the promise of whoever pushed it.
            if unsafe { self.queues.submission().push(entry) }.is_err() {
                return;
            }
            self.backlog.pop_front();
        }
    }

    /// Has the kernel taken, or refused, all that was queued?
    #[cold]
    pub(super) fn is_settled(&self) -> bool {
        self.backlog.is_empty()
    }

    /// Is there anything that a call, or a look, could find?
    pub(super) fn has_work(&mut self) -> bool {
        if self.is_copy() {
            return false;
        }
        if !self.aside.is_empty() || !self.backlog.is_empty() || !self.queues.completion().is_empty() {
            return true;
        }
        if self.flags.sq_poll {
            return self.needs_a_call();
        }
        let queue = self.queues.submission();
        !queue.is_empty() || queue.taskrun() || queue.cq_overflow()
    }

    /// Did the last call leave completions to be finished, for which there is room?
    fn has_more(&mut self) -> bool {
        self.flags.defer_taskrun && self.queues.submission().taskrun() && !self.queues.completion().is_full()
    }

    /// A turn of its own, outside of the worker's: what was cancelled ends in it, unless the kernel takes its time.
    /// `early`: there were few such turns before.
    ///
    /// # Errors
    /// As [`enter`](Self::enter).
    pub(super) fn enter_between(&mut self, early: bool) -> Result<(), Errno> {
        if self.flags.sq_poll && !self.is_copy() {
            return self.turn_between(early);
        }
        self.enter(Some(Duration::ZERO))
    }

    /// Does a thread of the kernel's go on with entries that it has not taken, whatever becomes of us (invariant 5)?
    pub(super) fn goes_on(&mut self) -> bool {
        self.flags.sq_poll && !self.is_copy() && !self.has_taken_all()
    }

    /// How a worker sleeps that has nothing to do.
    fn asleep(&self, most: Option<Duration>) -> Wait {
        let Some(batch) = self.batch else { return Wait { want: 1, most, least_us: 0 } };
        let most = most.map_or(LONGEST, |most| most.min(LONGEST));
        // At most a second, by the check of the options.
        let least_us = batch.within().min(most).as_micros() as u32;
        Wait { want: batch.count(), most: Some(most), least_us }
    }

    /// How many completions end a sleep, if that is not one.
    pub(super) fn batch(&self) -> Option<Batch> {
        self.batch
    }

    fn completions(&self) -> u32 {
        self.queues.params().cq_entries()
    }

    /// Takes the next completion of those that a turn has put off.
    #[inline]
    pub(super) fn put_off_before(&mut self) -> Option<Completion> {
        self.aside.pop_front()
    }

    /// Takes the next completion of the kernel's, unless others were put off that come first.
    #[inline]
    pub(super) fn next_in_turn(&mut self) -> Option<Completion> {
        if self.aside.is_empty() { self.completion() } else { None }
    }

    /// Takes the next completion of the kernel's.
    #[inline]
    pub(super) fn completion(&mut self) -> Option<Completion> {
        if self.is_copy() {
            return None;
        }
        let next = self.queues.completion().next()?;
        Some(Completion { user_data: next.user_data(), result: next.result(), flags: next.flags() })
    }

    /// Puts completions off that were taken: they come first with the next turn.
    #[cold]
    pub(super) fn put_off(&mut self, mut completions: VecDeque<Completion>) {
        completions.append(&mut self.aside);
        self.aside = completions;
    }

    /// From now on the ring is what a forked child has of it.
    #[cfg(test)]
    pub(super) fn becomes_a_copy(&mut self) {
        self.forks = self.forks.wrapping_sub(1);
    }

    /// Does the thread that takes entries sleep? One that was woken and has not run yet still says so, and has entries.
    #[cfg(test)]
    pub(super) fn thread_sleeps(&mut self) -> bool {
        let queue = self.queues.submission();
        queue.is_empty() && queue.need_wakeup()
    }

    /// From now on the thread that takes entries is said to have left some.
    #[cfg(test)]
    pub(super) fn gets_stuck(&mut self) {
        self.is_stuck = true;
    }

    /// Does the kernel keep completions for which there is no room?
    #[cfg(test)]
    pub(super) fn overflows(&mut self) -> bool {
        self.queues.submission().cq_overflow()
    }

    /// Calls of `io_uring_enter(2)` so far.
    #[cfg(test)]
    pub(super) fn enters(&self) -> u64 {
        self.enters
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        if self.is_copy() {
            return;
        }
        // Dropping the ring does not give its index back. On another thread that is left to the end of the old one.
        self.give_index_back();
        // SAFETY: dropped once, here.
        unsafe { ManuallyDrop::drop(&mut self.queues) };
    }
}

/// The last moment of a sleep in batches that has none. Without one the kernel ends it at the least time; and the kernel counts
/// nanoseconds, of which there are not enough for all that can be asked for.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// How often, and after how long, a set-up is tried again that found no memory: what a ring took comes back late (21 ms were
/// measured).
const RETRIES: u32 = 20;
const RETRY_AFTER: Duration = Duration::from_millis(2);

/// So many completions the kernel finishes in one call that wants none, under `DEFER_TASKRUN`, and says whether it has more.
const FINISHED_BY_A_CALL: u32 = 20;

#[expect(clippy::disallowed_methods, reason = "no runtime runs yet on this thread")]
fn wait_for_memory() {
    std::thread::sleep(RETRY_AFTER);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_drops_the_newest_flag_first_and_ends() {
        let mut flags = Flags::all(false, false);
        let mut steps = std::vec::Vec::new();
        while let Some(next) = flags.fewer() {
            assert!(next.since() <= flags.since());
            assert!(!next.defer_taskrun || next.single_issuer, "the kernel refuses one without the other");
            steps.push(next);
            flags = next;
        }
        assert_eq!(steps.len(), 5);
        assert_eq!(flags, Flags::default());
    }
}

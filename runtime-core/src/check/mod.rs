//! The rules of a config, checked while the compiler runs.
//!
//! [`item`] holds every rule. The attribute calls it once per item that the user wrote, in the user's crate and with the
//! span of the item's value, so that an error stands under the user's own token at `cargo check`; [`rest`] checks what
//! came from the base. Configs that no attribute can check (generic ones, those of the builder) are checked by
//! `Runtime::new`, when the program is built.

use crate::config::{Config, MemoryOf, PanicPolicy, SharingOf};
use crate::info::Info;
use crate::roles::{Clock, Driver, Memory, Placement, Scheduler, Threads, Topology, Watchdog};
use crate::sharing::Sharing;
use crate::util::text::{Text, same};
use core::time::Duration;

/// The items that have a rule.
pub const ITEMS: [&str; 10] = [
    "Scheduler",
    "Driver",
    "Memory",
    "Watchdog",
    "LOCAL_QUEUE",
    "EVENT_INTERVAL",
    "POLL_BUDGET",
    "BLOCKING_THREADS_MAX",
    "BLOCKING_QUEUE_MAX",
    "PIN_WORKERS",
];

/// Checks the rules of the item `name`.
///
/// # Panics
/// With a sentence that says the value found, if a rule is broken. At compile time this is an error.
#[track_caller]
pub const fn item<C: Config>(name: &str) {
    if same(name, "LOCAL_QUEUE") && !C::LOCAL_QUEUE.is_power_of_two() {
        Text::new()
            .s("LOCAL_QUEUE is ")
            .n(C::LOCAL_QUEUE)
            .s(", but must be a power of two: the local queue masks its index. Next one up: ")
            .n(C::LOCAL_QUEUE.next_power_of_two())
            .fail();
    }
    if same(name, "EVENT_INTERVAL") && C::EVENT_INTERVAL == 0 {
        Text::new().s("EVENT_INTERVAL is 0, so the driver would never be asked; use 1 to ask after every poll").fail();
    }
    if same(name, "POLL_BUDGET") && C::POLL_BUDGET == 0 {
        Text::new().s("POLL_BUDGET is 0, so no task could make progress; use u32::MAX for no budget").fail();
    }
    if same(name, "BLOCKING_THREADS_MAX") && C::BLOCKING_THREADS_MAX > 0 && !C::Threads::MAY_START {
        Text::new()
            .s("BLOCKING_THREADS_MAX is ")
            .n(C::BLOCKING_THREADS_MAX)
            .s(", but `Threads` = ")
            .s(C::Threads::NAME)
            .s(" may start none; set it to 0")
            .fail();
    }
    if same(name, "BLOCKING_QUEUE_MAX") && C::BLOCKING_QUEUE_MAX == 0 && C::BLOCKING_THREADS_MAX > 0 {
        Text::new()
            .s("BLOCKING_QUEUE_MAX is 0, so every job would be refused; set BLOCKING_THREADS_MAX to 0 for no blocking pool")
            .fail();
    }
    if same(name, "PIN_WORKERS") && C::PIN_WORKERS && !<C::Scheduler as Scheduler>::PINS {
        Text::new()
            .s("PIN_WORKERS is true, but the scheduler ")
            .s(C::Scheduler::NAME)
            .s(" starts no worker threads that could be pinned; set it to false")
            .fail();
    }
    if same(name, "PIN_WORKERS") && C::PIN_WORKERS && !C::Topology::PINS {
        Text::new()
            .s("PIN_WORKERS is true, but `Topology` = ")
            .s(C::Topology::NAME)
            .s(" cannot pin a thread on this target; `Sysfs` can, on Linux; or set it to false")
            .fail();
    }
    if same(name, "Scheduler") {
        if own_thread::<C>() && <C::Driver as Driver>::CAPS.suspends {
            Text::new()
                .s("the scheduler ")
                .s(C::Scheduler::NAME)
                .s(" gives every task a thread, for drivers whose operations block it, but the driver ")
                .s(C::Driver::NAME)
                .s(" suspends tasks instead; use `SingleThread`, `PerCore<N>` or `WorkStealing<N>` with it, or `Blocking` here")
                .fail();
        }
        if own_thread::<C>() && !<SharingOf<C> as Sharing>::SHARED {
            Text::new()
                .s("the scheduler ")
                .s(C::Scheduler::NAME)
                .s(" gives every task a thread, but keeps tasks `Local`; its `Sharing` must be `Shared`")
                .fail();
        }
        // Under `Local` the driver is refused by its type.
        if !own_thread::<C>() && <SharingOf<C> as Sharing>::SHARED && !<C::Driver as Driver>::CAPS.suspends {
            Text::new()
                .s("the operations of the driver ")
                .s(C::Driver::NAME)
                .s(" block the thread, and the scheduler ")
                .s(C::Scheduler::NAME)
                .s(" runs several tasks on it, which could wait for each other for ever; use `ThreadPerTask` with it")
                .fail();
        }
        if own_thread::<C>() && !C::Threads::MAY_START {
            Text::new()
                .s(C::Scheduler::NAME)
                .s(" gives every task a thread, but `Threads` = ")
                .s(C::Threads::NAME)
                .s(" may start none; use `OsThreads`")
                .fail();
        }
        if has_team::<C>() && !C::Threads::MAY_START {
            Text::new()
                .s(C::Scheduler::NAME)
                .s(" gives every worker a thread, but `Threads` = ")
                .s(C::Threads::NAME)
                .s(" may start none; use `OsThreads`, or `SingleThread` as the scheduler")
                .fail();
        }
        if <C::Scheduler as Scheduler>::WORKERS == 0 || <C::Scheduler as Scheduler>::WORKERS > WORKERS_MAX {
            Text::new()
                .s("the scheduler ")
                .s(C::Scheduler::NAME)
                .s(" may have ")
                .n(<C::Scheduler as Scheduler>::WORKERS)
                .s(" workers here; a runtime has 1 to ")
                .n(WORKERS_MAX)
                .fail();
        }
    }
    if same(name, "Driver")
        && let Some(sentence) = C::Driver::CHECK
    {
        Text::new().s(sentence).fail();
    }
    if same(name, "Memory")
        && let Some(budget) = C::Memory::BUDGET
    {
        beside_the_pool::<C>().fits(budget);
    }
    if same(name, "Watchdog")
        && let Some(bound) = <C::Watchdog as Watchdog>::BOUND
    {
        watchdog::<C>(bound);
    }
}

/// The rules of a config with a watchdog.
#[track_caller]
const fn watchdog<C: Config>(bound: Duration) {
    if bound.is_zero() {
        Text::new()
            .s("`Watchdog` = ")
            .s(C::Watchdog::NAME)
            .s(" allows a poll 0 ms, so it would report every one; give it more, or use `Unwatched`")
            .fail();
    }
    if !C::Threads::MAY_START {
        Text::new()
            .s("`Watchdog` = ")
            .s(C::Watchdog::NAME)
            .s(" watches from a thread, but `Threads` = ")
            .s(C::Threads::NAME)
            .s(" may start none; use `OsThreads`, or `Unwatched`")
            .fail();
    }
    if !<C::Clock as Clock>::PASSES {
        Text::new()
            .s("`Watchdog` = ")
            .s(C::Watchdog::NAME)
            .s(" goes by the time of the machine, but the time of `Clock` = ")
            .s(C::Clock::NAME)
            .s(" is moved by hand, so no two runs would report the same; use `Unwatched`")
            .fail();
    }
    if !<C::Driver as Driver>::CAPS.suspends {
        Text::new()
            .s("`Watchdog` = ")
            .s(C::Watchdog::NAME)
            .s(" reports polls that hold a worker, but every operation of the driver ")
            .s(C::Driver::NAME)
            .s(" does; use `Unwatched`")
            .fail();
    }
}

/// Checks that `C` has blocking threads: for what calls `spawn_blocking`, when the program is built.
///
/// # Panics
/// As [`item`].
#[track_caller]
pub const fn blocking<C: Config>() {
    if C::BLOCKING_THREADS_MAX == 0 || !C::Threads::MAY_START {
        Text::new()
            .s("`spawn_blocking` needs threads, and `")
            .s(C::NAME)
            .s("` has none: set BLOCKING_THREADS_MAX above 0, and `Threads` to a source that may start some, `OsThreads` for one")
            .fail();
    }
}

/// Checks that `C` asks for nothing that a program without `std` cannot have: for [`Runtime::new`](crate::runtime::Runtime::new)
/// there, when the program is built.
///
/// # Panics
/// As [`item`].
#[doc(hidden)]
#[track_caller]
pub const fn bare<C: Config>() {
    if C::BLOCKING_THREADS_MAX != 0 {
        Text::new()
            .s("BLOCKING_THREADS_MAX is ")
            .n(C::BLOCKING_THREADS_MAX)
            .s(", but without the feature `std` of bespoke-core there is no blocking pool; set it to 0")
            .fail();
    }
    if matches!(C::PANIC, PanicPolicy::Catch) {
        Text::new()
            .s("PANIC is Catch, but without the feature `std` of bespoke-core no panic can be caught; set it to Abort")
            .fail();
    }
    if <C::Watchdog as Watchdog>::BOUND.is_some() {
        Text::new()
            .s("`Watchdog` = ")
            .s(C::Watchdog::NAME)
            .s(" watches from a thread, but without the feature `std` of bespoke-core there is none; use `Unwatched`")
            .fail();
    }
    // What is known of a thread is a static there: a runtime that could leave its flow of control would write another's.
    if <SharingOf<C> as Sharing>::SHARED {
        Text::new()
            .s("the scheduler ")
            .s(C::Scheduler::NAME)
            .s(" shares tasks between threads, but without the feature `std` of bespoke-core one flow of control runs them all; \
                use `SingleThread`")
            .fail();
    }
}

/// What `C` takes beside the strategy's own bytes. A strategy with a budget may hold that many bytes itself, in each
/// worker: those are what the budget is, and cannot count against it.
const fn beside_the_pool<C: Config>() -> Info {
    let mut info = Info::of::<C>();
    let mut part = 0;
    while part < info.parts.len() {
        if same(info.parts[part].name, "worker") {
            let with = info.parts[part].bytes;
            info.parts[part].bytes = with.saturating_sub(size_of::<MemoryOf<C>>() * info.workers);
            info.static_bytes -= with - info.parts[part].bytes;
        }
        part += 1;
    }
    info
}

const fn own_thread<C: Config>() -> bool {
    matches!(<C::Scheduler as Scheduler>::PLACEMENT, Placement::OwnThread)
}

const fn has_team<C: Config>() -> bool {
    matches!(<C::Scheduler as Scheduler>::PLACEMENT, Placement::InTurn | Placement::AnyWorker)
}

/// More workers than any machine has processors, and as many as a thread or two can still start.
const WORKERS_MAX: usize = 1024;

/// Checks every rule but those of the items in `done`, which were checked with their own span.
///
/// # Panics
/// As [`item`].
#[track_caller]
pub const fn rest<C: Config>(done: &[&str]) {
    let mut i = 0;
    while i < ITEMS.len() {
        let mut skip = false;
        let mut k = 0;
        while k < done.len() {
            if same(done[k], ITEMS[i]) {
                skip = true;
            }
            k += 1;
        }
        if !skip {
            item::<C>(ITEMS[i]);
        }
        i += 1;
    }
}

/// Checks every rule.
///
/// # Panics
/// As [`item`].
#[track_caller]
pub const fn all<C: Config>() {
    rest::<C>(&[]);
}

//! What a runtime is made of, as constants: names, sizes, static memory.

mod advice;
mod calibration;
mod model;

pub use advice::{Advice, Note, Setting};
pub use model::Model;

use crate::config::{Config, SharingOf};
use crate::roles::{Clock, Driver, Entropy, Memory, Scheduler, Threads, Topology, Watchdog};
use crate::sharing::Sharing;
use crate::util::text::Text;
use core::fmt;

/// A part of a runtime and the bytes that it takes for all workers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// Bytes for all workers together.
    pub bytes: usize,
}

/// What a runtime is made of, known when the program is compiled: `Runtime::<C>::INFO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// The name of the config.
    pub name: &'static str,
    /// The scheduler.
    pub scheduler: &'static str,
    /// `"local"`, `"shared"`, or `"moving"` where tasks move between workers.
    pub sharing: &'static str,
    /// The I/O driver.
    pub driver: &'static str,
    /// The memory strategy.
    pub memory: &'static str,
    /// The clock.
    pub clock: &'static str,
    /// The source of randomness.
    pub entropy: &'static str,
    /// The source of threads.
    pub threads: &'static str,
    /// The description of the machine.
    pub topology: &'static str,
    /// Who is told of a poll that holds a worker.
    pub watchdog: &'static str,
    /// The target that this was compiled for: architecture and operating system.
    pub target: (&'static str, &'static str),
    /// Upper bound of the worker threads.
    pub workers: usize,
    /// Bytes of the header in front of every task's future.
    pub task_header: usize,
    /// The parts that have a size, in no particular order; see [`largest`](Self::largest).
    pub parts: [Part; 5],
    /// The sum of the parts: what the runtime takes before the first task.
    pub static_bytes: usize,
}

impl Info {
    /// The facts of `C`.
    #[must_use]
    pub const fn of<C: Config>() -> Info {
        let workers = <C::Scheduler as Scheduler>::WORKERS;
        let parts = [
            Part { name: "ring", bytes: C::Driver::RING_BYTES * workers },
            Part { name: "run queue", bytes: queue_entries::<C>() * size_of::<usize>() * workers },
            Part { name: "worker", bytes: worker_bytes::<C>() * workers },
            Part { name: "driver", bytes: size_of::<crate::config::LiveOf<C>>() * workers },
            // Made with the first timer.
            Part { name: "timers", bytes: timer_bytes() * workers },
        ];
        Info {
            name: C::NAME,
            scheduler: C::Scheduler::NAME,
            sharing: <SharingOf<C> as Sharing>::NAME,
            driver: C::Driver::NAME,
            memory: C::Memory::NAME,
            clock: C::Clock::NAME,
            entropy: C::Entropy::NAME,
            threads: C::Threads::NAME,
            topology: C::Topology::NAME,
            watchdog: C::Watchdog::NAME,
            target: (TARGET_ARCH, TARGET_OS),
            workers,
            task_header: TASK_HEADER,
            parts,
            static_bytes: sum(&parts),
        }
    }

    /// The part that takes the most.
    #[must_use]
    pub const fn largest(&self) -> Part {
        let mut largest = self.parts[0];
        let mut i = 1;
        while i < self.parts.len() {
            if self.parts[i].bytes > largest.bytes {
                largest = self.parts[i];
            }
            i += 1;
        }
        largest
    }

    /// Does the runtime fit into `budget` bytes before its first task? In a `const _`, a failure is a compile error that
    /// names the largest part.
    ///
    /// # Panics
    /// If it does not fit.
    #[track_caller]
    pub const fn fits(&self, budget: usize) {
        if self.static_bytes > budget {
            let part = self.largest();
            Text::new()
                .s("`")
                .s(self.name)
                .s("` needs ")
                .n(self.static_bytes)
                .s(" B of static memory, the budget is ")
                .n(budget)
                .s(" B; largest part: ")
                .s(part.name)
                .s(", ")
                .n(part.bytes)
                .s(" B for ")
                .n(self.workers)
                .s(" worker(s)")
                .fail();
        }
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} ({}), {} worker(s)", self.name, self.scheduler, self.sharing, self.workers)?;
        writeln!(f, "driver {}, memory {}, clock {}", self.driver, self.memory, self.clock)?;
        write!(f, "task header {} B, static {} B", self.task_header, self.static_bytes)
    }
}

#[cfg(feature = "alloc")]
const TASK_HEADER: usize = crate::task::HEADER_BYTES;
#[cfg(not(feature = "alloc"))]
const TASK_HEADER: usize = 0;

/// Of one worker: its own queue, and that from which others take, if they do.
const fn queue_entries<C: Config>() -> usize {
    #[cfg(feature = "alloc")]
    {
        let taken_from = if crate::roles::steals::<C::Scheduler>() { first_entries::<C>() } else { 0 };
        crate::worker::Worker::<C>::QUEUE + taken_from
    }
    #[cfg(not(feature = "alloc"))]
    {
        C::LOCAL_QUEUE
    }
}

/// For how many tasks the queue of a worker has room at first from which others take.
#[cfg(feature = "alloc")]
const fn first_entries<C: Config>() -> usize {
    #[cfg(feature = "std")]
    {
        use crate::roles::{Lanes, LiveQueue};
        type Kept<C> = crate::config::LiveQueueOf<C>;
        let each = match <<Kept<C> as Lanes>::Lane as LiveQueue>::STARTS_WITH {
            Some(entries) => entries,
            None => C::LOCAL_QUEUE,
        };
        each * <Kept<C> as Lanes>::COUNT
    }
    #[cfg(not(feature = "std"))]
    {
        C::LOCAL_QUEUE
    }
}

const fn worker_bytes<C: Config>() -> usize {
    #[cfg(feature = "alloc")]
    {
        size_of::<crate::worker::Worker<C>>() - size_of::<crate::config::LiveOf<C>>() + seat_bytes::<C>()
    }
    // There is no worker without `alloc`.
    #[cfg(not(feature = "alloc"))]
    {
        size_of::<core::marker::PhantomData<C>>()
    }
}

const fn timer_bytes() -> usize {
    #[cfg(feature = "alloc")]
    {
        crate::util::wheel::LIST_BYTES
    }
    #[cfg(not(feature = "alloc"))]
    {
        0
    }
}

const fn sum(parts: &[Part]) -> usize {
    let (mut sum, mut i) = (0, 0);
    while i < parts.len() {
        sum += parts[i].bytes;
        i += 1;
    }
    sum
}

/// The place of a worker among those that take tasks from each other.
#[cfg(feature = "alloc")]
const fn seat_bytes<C: Config>() -> usize {
    #[cfg(feature = "std")]
    if crate::roles::steals::<C::Scheduler>() {
        return size_of::<crate::task::steal::Seat<crate::config::LiveQueueOf<C>>>();
    }
    size_of::<core::marker::PhantomData<C>>()
}

const TARGET_ARCH: &str = if cfg!(target_arch = "x86_64") {
    "x86_64"
} else if cfg!(target_arch = "aarch64") {
    "aarch64"
} else if cfg!(target_arch = "arm") {
    "arm"
} else if cfg!(target_arch = "wasm32") {
    "wasm32"
} else if cfg!(target_arch = "riscv32") {
    "riscv32"
} else if cfg!(target_arch = "riscv64") {
    "riscv64"
} else {
    "other"
};

const TARGET_OS: &str = if cfg!(target_os = "linux") {
    "linux"
} else if cfg!(target_os = "macos") {
    "macos"
} else if cfg!(target_os = "windows") {
    "windows"
} else if cfg!(target_os = "freebsd") {
    "freebsd"
} else if cfg!(target_os = "none") {
    "none"
} else {
    "other"
};

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::config::LiveOf;
    use crate::testing::{App, Jumping};

    #[test]
    fn the_parts_are_the_sizes_of_the_types() {
        let info = Info::of::<App>();
        let sum: usize = info.parts.iter().map(|part| part.bytes).sum();
        assert_eq!(info.static_bytes, sum);
        let worker = size_of::<crate::worker::Worker<App>>();
        assert_eq!(sum, worker + App::LOCAL_QUEUE * size_of::<usize>() + crate::util::wheel::LIST_BYTES);
        assert_eq!(info.parts[3], Part { name: "driver", bytes: size_of::<LiveOf<App>>() });
        assert_eq!(Model::of::<App>().bytes, sum);
    }

    struct Thieves;
    impl Config for Thieves {
        type Scheduler = crate::scheduler::WorkStealing<3>;
        type Driver = <App as Config>::Driver;
        type Memory = <App as Config>::Memory;
        type Clock = <App as Config>::Clock;
        type Entropy = <App as Config>::Entropy;
        type Threads = crate::roles::OsThreads;
        type Topology = <App as Config>::Topology;
        type Watchdog = crate::roles::Unwatched;
        const NAME: &'static str = "Thieves";
        const LOCAL_QUEUE: usize = 256;
        const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: crate::config::Sealed = crate::config::Sealed::BY_MACRO;
    }

    #[test]
    fn where_workers_take_tasks_from_each_other_the_queue_of_each_is_counted_with_its_seat() {
        let info = Info::of::<Thieves>();
        assert_eq!((info.scheduler, info.sharing, info.workers), ("work-stealing", "moving", 3));
        assert_eq!(info.parts[1], Part { name: "run queue", bytes: 3 * (256 + 16) * size_of::<usize>() });
        let seat = size_of::<crate::task::steal::Seat>();
        let worker = size_of::<crate::worker::Worker<Thieves>>() - size_of::<LiveOf<Thieves>>() + seat;
        assert_eq!(info.parts[2], Part { name: "worker", bytes: 3 * worker });
        // The lists of the wheel are made with the first timer.
        let all = worker + info.parts[1].bytes / 3;
        assert!(all <= 4096, "{all} B: {worker} of the worker, and its queues");
    }

    #[test]
    fn the_model_moves_with_the_config() {
        let (normal, eager) = (Model::of::<App>(), Model::of::<crate::testing::Eager>());
        assert!(eager.tasks_per_second < normal.tasks_per_second, "{eager} {normal}");
        assert!(eager.wake_latency_ns > normal.wake_latency_ns, "{eager} {normal}");
        assert_eq!(normal.scalability_per_mille, 1000);
        let moving = Model::of::<Thieves>();
        assert!(moving.tasks_per_second < normal.tasks_per_second, "{moving} {normal}: its headers are shared");
        assert!(moving.wake_latency_ns > normal.wake_latency_ns, "{moving} {normal}");
        assert_ne!(Info::of::<App>().clock, Info::of::<Jumping>().clock);
    }
}

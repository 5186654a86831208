//! How many workers there are.

use crate::config::{Config, Sealed};
use crate::roles::{Cpu, OsEntropy, OsThreads, Topology, Uniform};
use crate::runtime::Runtime;
use crate::scheduler::{PerCore, WorkStealing};
use crate::testing::{Heap, SleepOnly};
use crate::time::Monotonic;
use core::num::NonZeroUsize;

/// So many processors, of which the process is given the time of so many; 0: of all.
#[derive(Debug)]
struct Given<const CPUS: u32, const AT_ONCE: usize>;

impl<const CPUS: u32, const AT_ONCE: usize> Topology for Given<CPUS, AT_ONCE> {
    const NAME: &'static str = "given";
    fn for_each_cpu(each: impl FnMut(Cpu)) {
        Uniform::<CPUS>::for_each_cpu(each);
    }
    fn parallelism() -> Option<NonZeroUsize> {
        NonZeroUsize::new(AT_ONCE)
    }
}

macro_rules! workers {
    ($scheduler:ty, $topology:ty, $exact:literal) => {{
        #[derive(Debug)]
        struct App;

        impl Config for App {
            type Scheduler = $scheduler;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = OsThreads;
            type Topology = $topology;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = "App";
            const WORKERS_EXACT: bool = $exact;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }

        Runtime::<App>::new().unwrap().workers()
    }};
}

#[test]
fn as_many_as_are_asked_for_and_there_and_given_the_time() {
    assert_eq!(workers!(PerCore<8>, Given<4, 0>, false), 4, "processors");
    assert_eq!(workers!(PerCore<3>, Given<4, 0>, false), 3, "asked for");
    assert_eq!(workers!(PerCore<8>, Given<4, 2>, false), 2, "their time");
    assert_eq!(workers!(WorkStealing<8>, Given<4, 1>, false), 1);
    assert_eq!(workers!(WorkStealing<8>, Given<2, 6>, false), 2, "a quota makes no processors");
    assert_eq!(workers!(PerCore<3>, Given<1, 1>, true), 3, "exactly");
}

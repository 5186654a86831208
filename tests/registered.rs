//! Memory that is registered with the driver of a worker, from the outside: what a program may expect of it on each driver. That
//! entries really name it is shown beside the driver (`uring/tests/regions.rs`).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "other threads stand outside of any runtime")]

use bespoke::driver::{Blocking, Mio};
use bespoke::io::{BufferPool, IoBuf, Region};
use bespoke::prelude::*;
use bespoke::rt::{File, Regions, Registration, SharingOf};
use bespoke::scheduler::ThreadPerTask;
use bespoke::{Config, Runtime};
use core::ptr::NonNull;
use std::path::PathBuf;
use std::sync::Arc;

#[path = "common/ring.rs"]
#[cfg(target_os = "linux")]
mod ring;

struct OnPoll;
#[bespoke::config(base = bespoke::preset::Default)]
impl Config for OnPoll {
    type Driver = Mio;
}

struct OnThreads;
#[bespoke::config(base = bespoke::preset::Default)]
impl Config for OnThreads {
    type Scheduler = ThreadPerTask;
    type Driver = Blocking;
}

struct Thieves;
#[bespoke::config(base = bespoke::preset::Default)]
impl Config for Thieves {
    type Scheduler = bespoke::scheduler::WorkStealing<2>;
    type Driver = Mio;
}

/// A pool that tells whether anybody else has a name of it.
#[derive(Clone)]
struct Counted(Arc<BufferPool>);

// SAFETY: the pool's, which lives as long as a name of it.
unsafe impl Region for Counted {
    fn start(&self) -> NonNull<u8> {
        self.0.start()
    }
    fn len(&self) -> usize {
        Region::len(&*self.0)
    }
}

fn pool() -> Counted {
    Counted(Arc::new(BufferPool::new(1 << 20).expect("memory")))
}

/// The path of a file that goes with the value.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        Place(std::env::temp_dir().join(format!("bespoke-registered-{name}-{}", std::process::id())))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes and reads buffers of the pool, parts of them, and one that is the heap's.
async fn written_and_read<C: Config<Driver: Fs>>(pool: &BufferPool, place: &Place) {
    let file = File::<C>::options().read(true).write(true).create(true).truncate(true).open(&place.0).await;
    let file = file.expect("the folder is there");
    let mut buffer = pool.get(4096).expect("it is new");
    buffer.resize(4096, 1);
    buffer[4095] = 2;
    let (written, buffer) = file.write_all_at(buffer, 0).await;
    written.expect("there is room");
    let (written, _part) = file.write_all_at(buffer.slice(4000..), 4096).await;
    written.expect("there is room");
    file.write_all_at(vec![3; 10], 4192).await.0.expect("there is room");
    let (read, buffer) = file.read_at(pool.get(8000).expect("there is one"), 1).await;
    assert_eq!((read.expect("open"), buffer.len()), (4201, 4201));
    assert_eq!((buffer[0], buffer[4094], buffer[4095], buffer[4190], buffer[4191]), (1, 2, 1, 2, 3));
    let (read, buffer) = file.read_exact_at(buffer.slice(..8), 4094).await;
    read.expect("there is so much");
    assert_eq!(buffer.as_bytes(), [1, 2, 1, 1, 1, 1, 1, 1]);
}

/// The same with a pool that is registered; says whether that means anything.
async fn registered<C: Config<Driver: Fs>>(name: &str) -> bool
where
    C::Driver: Regions<SharingOf<C>>,
{
    let (pool, place) = (pool(), Place::new(name));
    let registration = Registration::<C>::of(&pool).expect("the system allows it");
    written_and_read::<C>(&pool.0, &place).await;
    let is_fixed = registration.is_fixed();
    assert_eq!(Arc::strong_count(&pool.0) > 1, is_fixed, "who is lent it keeps it");
    // From another thread; a turn sees to it.
    std::thread::spawn(move || drop(registration)).join().expect("it ends");
    let mut turns = 0;
    while Arc::strong_count(&pool.0) > 1 {
        C::sleep(core::time::Duration::from_millis(1)).await;
        turns += 1;
        assert!(turns < 20_000, "nobody gives it back");
    }
    written_and_read::<C>(&pool.0, &place).await;
    is_fixed
}

#[test]
fn where_there_is_no_ring_it_means_nothing_and_says_so() {
    let is_fixed = Runtime::<OnPoll>::new().expect("it starts").block_on(registered::<OnPoll>("poll"));
    assert!(!is_fixed);
    let is_fixed = Runtime::<OnThreads>::new().expect("it starts").block_on(registered::<OnThreads>("threads"));
    assert!(!is_fixed);
    let is_fixed = Runtime::<Thieves>::new().expect("it starts").block_on(registered::<Thieves>("thieves"));
    assert!(!is_fixed);
}

#[test]
#[should_panic(expected = "tests/registered.rs")]
fn it_is_a_workers() {
    let _registration = Registration::<OnPoll>::of(&pool());
}

#[cfg(target_os = "linux")]
mod on_rings {
    use super::*;
    use bespoke::driver::{Fallback, IoUring, Kernel, RingOptions};
    use bespoke::scheduler::PerCore;

    struct Ring;
    #[bespoke::config(base = bespoke::preset::Default)]
    impl Config for Ring {
        type Driver = IoUring;
    }

    struct Cores;
    #[bespoke::config(base = bespoke::preset::Default)]
    impl Config for Cores {
        type Scheduler = PerCore<2>;
        type Driver = IoUring;
        const WORKERS_EXACT: bool = true;
    }

    struct First;
    #[bespoke::config(base = bespoke::preset::Default)]
    impl Config for First {
        type Driver = Fallback<IoUring, Mio>;
    }

    struct Nowhere;
    impl RingOptions for Nowhere {
        const KERNEL: Kernel = Kernel::Without;
    }

    struct Second;
    #[bespoke::config(base = bespoke::preset::Default)]
    impl Config for Second {
        type Driver = Fallback<IoUring<64, Nowhere>, Mio>;
    }

    #[test]
    fn a_ring_knows_it_until_it_is_given_up() {
        if ring::is_denied("a_ring_knows_it_until_it_is_given_up") {
            return;
        }
        assert!(Runtime::<Ring>::new().expect("it starts").block_on(registered::<Ring>("ring")));
    }

    #[test]
    fn of_two_drivers_the_one_that_runs_says_what_it_means() {
        if !ring::is_denied("of_two_drivers_the_one_that_runs_says_what_it_means") {
            assert!(Runtime::<First>::new().expect("it starts").block_on(registered::<First>("first")));
        }
        assert!(!Runtime::<Second>::new().expect("it starts").block_on(registered::<Second>("second")));
    }

    #[test]
    fn each_worker_registers_for_itself() {
        if ring::is_denied("each_worker_registers_for_itself") {
            return;
        }
        let runtime = Runtime::<Cores>::new().expect("it starts");
        let both = runtime.block_on(async {
            let both = Cores::spawn_on_each(async move |worker| registered::<Cores>(&format!("core-{worker}")).await);
            let mut fixed = Vec::new();
            for one in both {
                fixed.push(one.await.expect("it ends"));
            }
            fixed
        });
        assert_eq!(both, [true, true]);
    }

    #[test]
    fn it_may_outlive_its_runtime() {
        if ring::is_denied("it_may_outlive_its_runtime") {
            return;
        }
        let pool = pool();
        let runtime = Runtime::<Ring>::new().expect("it starts");
        let registration = runtime.block_on(async { Registration::<Ring>::of(&pool).expect("the system allows it") });
        drop(runtime);
        assert_eq!(Arc::strong_count(&pool.0), 2, "the registration has a name of it");
        drop(registration);
        assert_eq!(Arc::strong_count(&pool.0), 1);
    }
}

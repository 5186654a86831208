//! How many threads there are: as many as block at a time, and one more for each worker; none when the runtime has ended. They
//! are counted by their names, which begin with that of the config.

use super::{Blocks, ends, in_a_task, runtime};
use bespoke::driver::{Mio, NoIo};
use bespoke::rt::Ambient as _;
use bespoke::{Config, preset, scheduler::WorkStealing};
use std::sync::{Arc, Barrier};
use std::{fs, thread};

configs! {
    Mono: 1, Mio;
    Duo: 2, Mio;
    Quad: 4, Mio;
    MonoIdle: 1, NoIo;
    DuoIdle: 2, NoIo;
    MonoRing: 1, bespoke::driver::IoUring<64>;
    DuoRing: 2, bespoke::driver::IoUring<64>;
    Never: 2, Mio;
}

/// The threads of runtimes of `C`, and how many of them stand in.
fn threads<C: Config>() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let named = |task: std::io::Result<fs::DirEntry>| {
        // One that has just ended has no name.
        let name = fs::read_to_string(task.ok()?.path().join("comm")).ok()?;
        name.starts_with(&format!("{}-", C::NAME)).then_some(())
    };
    tasks.filter_map(named).count()
}

/// A thread that was joined may be listed a moment longer.
#[track_caller]
fn all_end<C: Config>() {
    for _ in 0..20_000 {
        if threads::<C>() == 0 {
            return;
        }
        thread::sleep(core::time::Duration::from_millis(1));
    }
    panic!("{} threads are left", threads::<C>());
}

fn bounded<C: Blocks>() {
    assert_eq!(threads::<C>(), 0);
    let rt = runtime::<C>();
    let task = rt.handle().spawn(async move {
        let workers = C::handle().workers();
        for _ in 0..1000 {
            C::block_in_place(|| ());
            C::yield_now().await;
        }
        // One on its way to each worker at most, and one on its way back; more where threads wait long for a processor.
        let in_turn = threads::<C>();
        assert!(in_turn <= 3 * workers + 10, "{in_turn} threads after a thousand in turn");
        let met = Arc::new(Barrier::new(10));
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let met = met.clone();
                C::spawn(async move {
                    C::block_in_place(|| met.wait());
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        let more = threads::<C>();
        assert!((10..=in_turn + 10 + workers).contains(&more), "{more} threads after ten at a time, {in_turn} before");
    });
    rt.block_on(task).expect("no panic");
    ends(rt);
    all_end::<C>();
}

#[test]
fn a_thousand_in_turn_take_few_threads_which_end_with_the_runtime() {
    bounded::<Mono>();
    bounded::<Duo>();
    bounded::<Quad>();
    bounded::<MonoIdle>();
    bounded::<DuoIdle>();
    bounded::<MonoRing>();
    bounded::<DuoRing>();
}

/// A runtime that is never asked has no more threads than workers.
#[test]
fn nothing_is_started_before_the_first_call() {
    let here = in_a_task::<Never, _>(async {
        // Nobody has waited for the threads of the workers.
        while threads::<Never>() < 2 {
            thread::sleep(core::time::Duration::from_millis(1));
        }
        thread::sleep(core::time::Duration::from_millis(20));
        threads::<Never>()
    });
    assert_eq!(here, 2);
    all_end::<Never>();
}

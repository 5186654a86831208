//! Tasks that sleep, by the million: a task takes as many bytes beside twice as many others.

use crate::{LONG, count, ends, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

crate::on! { sleepers:
    on_one_thread = sleepers_take_as_much_beside_twice_as_many::<One>;
    on_one_ring = sleepers_take_as_much_beside_twice_as_many::<OneRing>;
    per_core = sleepers_take_as_much_beside_twice_as_many::<Cores>;
    stealing = sleepers_take_as_much_beside_twice_as_many::<Thieves>;
    stealing_on_rings = sleepers_take_as_much_beside_twice_as_many::<ThievesOnRings>;
}

/// Bytes of this process that are in memory.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    // SAFETY: takes an integer only.
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as f64
}

/// Spawns tasks until there are `many`, each of which sleeps then.
async fn sleep_until_there_are<C: Config>(many: usize, asleep: &Arc<AtomicUsize>) {
    for spawned in asleep.load(SeqCst)..many {
        let asleep = asleep.clone();
        drop(C::spawn(async move {
            asleep.fetch_add(1, SeqCst);
            // Not all at the same moment: the wheel has many slots.
            C::sleep(Duration::from_secs(3600 + (spawned % 3600) as u64)).await;
        }));
        // So that few are queued at a time.
        if spawned % 1024 == 0 {
            C::yield_now().await;
        }
    }
    let begin = Instant::now();
    while asleep.load(SeqCst) < many {
        assert!(begin.elapsed() < LONG, "{} of {many} sleep", asleep.load(SeqCst));
        C::sleep(Duration::from_millis(1)).await;
    }
}

fn sleepers_take_as_much_beside_twice_as_many<C: Config>() {
    // What grows by doubling is as full at one size as at the other.
    let many = count(1 << 18, 1 << 22);
    let rt = runtime::<C>();
    rt.block_on(async {
        let asleep = Arc::new(AtomicUsize::new(0));
        // The tables and the pools have begun.
        sleep_until_there_are::<C>(1024, &asleep).await;
        let none = resident();
        let mut each = Vec::new();
        for size in [many / 2, many] {
            sleep_until_there_are::<C>(size, &asleep).await;
            each.push((resident() - none) / (size - 1024) as f64);
        }
        println!("figure: {many} tasks that sleep: {:.1} bytes each, {:.1} beside half as many", each[1], each[0]);
        assert!((each[1] / each[0] - 1.0).abs() < 0.05, "bytes a task, at two sizes: {each:?}");
        assert!(each[1] < 700.0, "{} bytes a task", each[1]);
        assert_eq!(asleep.load(SeqCst), many);
    });
    ends(rt);
}

//! Tasks in statics: places of exactly their size, an error when all are taken, and no heap once the runtime has started.

use crate::board::{App, INFO};
use crate::{heap, tasks};
use bespoke_core::embedded::task::StaticTask;
use bespoke_core::task::places::{Pool, Store};
use core::cell::Cell;
use core::time::Duration;
use cortex_m_semihosting::hprintln;

const PLACES: usize = 4;
const ROUNDS: usize = 200;

/// Sleeps, with bytes that live over the sleep.
#[bespoke_macros::task(pool = PLACES, crate = bespoke_core::embedded)]
async fn blink(led: u8, done: &'static Done) -> u32 {
    let bytes = [led; 32];
    App::sleep(Duration::from_micros(50)).await;
    App::yield_now().await;
    done.0.set(done.0.get() + 1);
    bytes.iter().map(|byte| u32::from(*byte)).sum()
}

/// Of the one thread.
struct Done(Cell<u32>);

// SAFETY: no handler of an interrupt uses it.
unsafe impl Sync for Done {}
static DONE: Done = Done(Cell::new(0));

/// As many bytes has a place of the task's pool.
fn place<F, P: Pool>(_: &StaticTask<F, P>) -> usize {
    P::Store::PLACE.size()
}

/// All places are taken at once, one more is refused and comes back, and all are free again.
async fn round() {
    let tasks: [_; PLACES] = core::array::from_fn(|led| match App::spawn_task(blink(led as u8, &DONE)) {
        Ok(task) => task,
        Err(full) => panic!("{full}"),
    });
    let Err(full) = App::spawn_task(blink(9, &DONE)) else { panic!("a place more than there are") };
    for (led, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.ok(), Some(32 * led as u32));
    }
    let Ok(again) = App::spawn_task(full.into_task()) else { panic!("no place became free") };
    assert_eq!(again.await.ok(), Some(9 * 32));
}

pub(crate) fn check() {
    let runtime = tasks::start();
    runtime.block_on(async {
        // The tables grow to as many tasks and timers as there are at a time; after that nothing is allocated.
        round().await;
        let (refused, taken) = heap::refusing(async {
            for _ in 0..ROUNDS {
                round().await;
            }
        })
        .await;
        assert_eq!((refused, taken), (0, 0), "a task in a static took memory of the heap");
    });
    assert_eq!(DONE.0.get() as usize, (ROUNDS + 1) * (PLACES + 1));
    drop(runtime);
    heap::assert_empty();

    let task = blink(0, &DONE);
    let future = size_of_val(&task);
    hprintln!("  header {} B, `blink` {} B, its place {} B, {} places", INFO.task_header, future, place(&task), PLACES);
    assert_eq!(place(&task), (INFO.task_header + future).next_multiple_of(8), "a place is what its task takes");
    const { assert!(INFO.task_header <= 40, "the header of a task has grown") };
}

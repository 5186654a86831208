//! Tasks that wait for interrupts: the handler wakes them, by their wakers, by a `Notify`, or by spawning one.

use crate::board::App;
use crate::mps2::{self, Mps2, SLEEPS, STRIKES};
use crate::{heap, tasks};
use alloc::sync::Arc;
use bespoke_core::channel::mpsc;
use bespoke_core::embedded::{Board, Handle, Runtime};
use bespoke_core::error::ErrorKind;
use bespoke_core::sync::Notify;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::{Poll, Waker};
use core::time::Duration;
use cortex_m::interrupt::{Mutex, free};
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::exception;
use cortex_m_semihosting::hprintln;

const INTERRUPTS: u32 = 1_000;

/// What the handler does; set while it is held back.
enum Does {
    Nothing,
    /// Wakes whoever left a waker. The second half by reference, and drops it then.
    Wakes(Option<Waker>),
    Tells(Arc<Notify>),
    /// Sends its number, if there is room.
    Sends(mpsc::Sender<u32>),
    Spawns(Handle<App>),
    /// Tries what only the flow of the tasks may.
    Starts,
}

static DOES: Mutex<RefCell<Does>> = Mutex::new(RefCell::new(Does::Nothing));
static SERVED: AtomicU32 = AtomicU32::new(0);
static SPAWNED: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    assert!(Mps2::is_elsewhere(), "a handler runs tasks");
    let served = SERVED.fetch_add(1, Ordering::Relaxed);
    free(|section| match &mut *DOES.borrow(section).borrow_mut() {
        Does::Nothing => {}
        Does::Wakes(waker) => match waker.take() {
            Some(waker) if served.is_multiple_of(2) => waker.wake(),
            Some(waker) => waker.wake_by_ref(),
            None => {}
        },
        Does::Tells(notify) => notify.notify_one(),
        Does::Sends(queue) => drop(queue.try_send(served)),
        Does::Spawns(handle) => drop(handle.spawn(async {
            assert!(!Mps2::is_elsewhere(), "a task runs in a handler");
            SPAWNED.fetch_add(1, Ordering::Relaxed);
        })),
        Does::Starts => {
            let refused = Runtime::<App>::new().map(drop).map_err(|error| error.kind());
            assert_eq!(refused, Err(ErrorKind::Unsupported));
        }
    });
}

fn does(what: Does) {
    // Dropped where nothing is held back.
    drop(free(|section| DOES.borrow(section).replace(what)));
}

/// The one timer of the processor.
struct Tick(SYST);

impl Tick {
    fn every(&mut self, counts: u32) {
        self.0.set_reload(counts);
        self.0.clear_current();
        self.0.enable_interrupt();
        self.0.enable_counter();
    }

    fn stop(&mut self) {
        self.0.disable_interrupt();
        self.0.disable_counter();
    }
}

/// Waits until the handler has run more than `served` times. `now`: it comes once the task has left its waker.
async fn interrupted(served: u32, now: bool) {
    poll_fn(|cx| {
        if SERVED.load(Ordering::Relaxed) > served {
            return Poll::Ready(());
        }
        does(Does::Wakes(Some(cx.waker().clone())));
        if now {
            SCB::set_pendst();
            cortex_m::asm::isb();
            assert!(SERVED.load(Ordering::Relaxed) > served, "the handler did not come at once");
            return Poll::Pending;
        }
        // One that came before the waker was there found none.
        if SERVED.load(Ordering::Relaxed) > served { Poll::Ready(()) } else { Poll::Pending }
    })
    .await
}

pub(crate) fn check() {
    let Some(peripherals) = cortex_m::Peripherals::take() else { panic!("the peripherals were taken") };
    let tick = Cell::new(Some(Tick(peripherals.SYST)));
    let runtime = tasks::start();
    let slept = SLEEPS.load(Ordering::Relaxed);
    runtime.block_on(async {
        let Some(mut tick) = tick.take() else { unreachable!("taken once") };
        let start = App::now();
        // One at a time, in the poll that waits, just before interrupts are held back, between the look and the sleep, and by a
        // timer. One that is lost is not made up for by the next: the board would sleep until its longest sleep is over.
        let waits = App::spawn(async move {
            for n in 0..INTERRUPTS {
                let served = SERVED.load(Ordering::Relaxed);
                match n % 4 {
                    0 => tick.every(1 + n % 250 * 16),
                    1 => STRIKES.store(mps2::BEFORE, Ordering::Relaxed),
                    2 => STRIKES.store(mps2::BETWEEN, Ordering::Relaxed),
                    _ => {}
                }
                let start = App::now();
                interrupted(served, n % 4 == 3).await;
                tick.stop();
                let took = App::now() - start;
                assert!(took < Duration::from_secs(1), "interrupt {n} was lost: a task was woken after {took:?}");
            }
            tick
        });
        let Ok(mut tick) = waits.await else { panic!("the task was cancelled") };
        let took = App::now() - start;
        let sleeps = SLEEPS.load(Ordering::Relaxed) - slept;
        assert!(sleeps >= INTERRUPTS as usize / 4, "the processor slept {sleeps} times");
        hprintln!("  {} interrupts, {} sleeps, {:?}", INTERRUPTS, sleeps, took);

        // A storm on a lock that the tasks use, too.
        let notify = Arc::new(Notify::new());
        does(Does::Tells(notify.clone()));
        let served = SERVED.load(Ordering::Relaxed);
        tick.every(250);
        while SERVED.load(Ordering::Relaxed) - served < INTERRUPTS {
            // Told by itself, mostly: it is to be under the lock when the handler comes, and not asleep.
            notify.notify_one();
            notify.notified().await;
        }
        tick.stop();

        // Numbers that are received while others come: in order, each once.
        let (send, mut receive) = mpsc::channel(4);
        does(Does::Sends(send));
        tick.every(250);
        let (mut last, mut got) = (0, 0);
        while got < INTERRUPTS {
            let Some(number) = receive.recv().await else { panic!("the handler's sender is gone") };
            assert!(number > last, "{number} came after {last}");
            (last, got) = (number, got + 1);
        }
        tick.stop();

        // A handler may spawn, and may not start a runtime.
        does(Does::Spawns(App::handle()));
        tick.every(5_000);
        while SPAWNED.load(Ordering::Relaxed) < 100 {
            App::sleep(Duration::from_millis(1)).await;
        }
        tick.stop();
        does(Does::Starts);
        let served = SERVED.load(Ordering::Relaxed);
        tick.every(5_000);
        while SERVED.load(Ordering::Relaxed) == served {
            App::sleep(Duration::from_millis(1)).await;
        }
        tick.stop();
        does(Does::Nothing);
    });
    drop(runtime);
    heap::assert_empty();
}

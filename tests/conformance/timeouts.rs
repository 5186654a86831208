//! The operation `Timeout`: the time of the driver. Never early, however many there are; dropped, it leaves nothing.

use crate::support::{Random, at_most, closes, count, eventually, poll_once, runtime};
use bespoke::Config;
use bespoke::driver::{Nanos, Timeout};
use bespoke::prelude::*;
use bespoke::rt::{Operation, SharingOf, Submit, TcpListener};
use bespoke::scheduler::Sharing;
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::time::Instant;

/// Later than this is late, on a machine that does other things as well.
const LATE: Duration = Duration::from_secs(20);

fn timeout<C: Config<Driver: Submit<Timeout>>>(after: Duration) -> Operation<C, Timeout> {
    Operation::timeout(Nanos(after.as_nanos() as u64))
}

/// Waits so long, and fails if that was too short or far too long.
async fn waits<C: Config<Driver: Submit<Timeout>>>(after: Duration) {
    let start = Instant::now();
    timeout::<C>(after).await.0.expect("the runtime is open");
    let passed = start.elapsed();
    assert!(passed >= after, "{after:?} were over after {passed:?}");
    assert!(passed < after + LATE, "{after:?} were over after {passed:?}");
}

pub(crate) fn timeouts_on_time<C: Config<Driver: Submit<Timeout>>>() {
    runtime::<C>().block_on(async {
        for micros in [0, 1, 70, 999, 1_000, 1_001, 26_000, 60_000] {
            waits::<C>(Duration::from_micros(micros)).await;
        }
        // A sleep that ends earlier, and one that ends later: each wakes its own.
        let task = C::handle().spawn(waits::<C>(Duration::from_millis(20)));
        C::sleep(Duration::from_millis(5)).await;
        let later = C::handle().spawn(async { C::sleep(Duration::from_millis(40)).await });
        task.await.expect("on time");
        later.await.expect("on time");
    });
}

pub(crate) fn many_timeouts_at_once<C: Config<Driver: Submit<Timeout>>>() {
    let many = if <C::Driver as bespoke::driver::Driver>::CAPS.suspends { count(2_000, 100_000) } else { 100 };
    let mut random = Random::new(20);
    runtime::<C>().block_on(async {
        let tasks: Vec<_> =
            (0..many).map(|_| C::handle().spawn(waits::<C>(Duration::from_micros(random.below(50_000))))).collect();
        for task in tasks {
            task.await.expect("on time");
        }
    });
}

/// They come although a task never lets the worker sleep.
pub(crate) fn timeouts_beside_a_busy_task<C: Config<Driver: Submit<Timeout>>>() {
    runtime::<C>().block_on(async {
        let busy = C::handle().spawn(async {
            loop {
                C::yield_now().await;
            }
        });
        waits::<C>(Duration::from_millis(10)).await;
        busy.abort();
        assert!(busy.await.expect_err("it has no end").is_cancelled());
    });
}

/// Counts its holders, and how often it is woken.
#[derive(Default)]
struct Counted(AtomicUsize);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Is the driver rid of what it was given?
fn let_go(counted: &Arc<Counted>) -> bool {
    Arc::strong_count(counted) == 1
}

/// Polls once, with a waker that is counted.
fn begun<C: Config<Driver: Submit<Timeout>>>(after: Duration, counted: &Arc<Counted>) -> Operation<C, Timeout> {
    let mut operation = timeout::<C>(after);
    let waker = Waker::from(counted.clone());
    assert!(Pin::new(&mut operation).poll(&mut Context::from_waker(&waker)).is_pending());
    operation
}

pub(crate) fn dropped_timeouts_leave_nothing<C: Config<Driver: Submit<Timeout>>>() {
    let drops = count(20_000, 1_000_000);
    let mut random = Random::new(21);
    let counted = Arc::new(Counted::default());
    let runtime = runtime::<C>();
    let mut ended = 0;
    runtime.block_on(async {
        let mut held = Vec::new();
        for _ in 0..drops {
            let after = Duration::from_micros(1 + random.below(2_000));
            held.push(begun::<C>(after, &counted));
            if held.len() > 64 {
                drop(held.swap_remove(random.below(64) as usize));
            }
            if random.once_in(100) {
                // Some are over by now, and nobody asks.
                C::sleep(Duration::from_micros(200)).await;
            }
            if random.once_in(10) {
                let at = random.below(held.len() as u64) as usize;
                let mut one = held.swap_remove(at);
                ended += u64::from(at_most(Pin::new(&mut one), 1, || ()).await.is_some());
            }
        }
        drop(held);
        // On a busy machine every sleep is over at once, and so few turns are taken that none of these was seen to end.
        let mut last = begun::<C>(Duration::from_micros(1), &counted);
        while at_most(Pin::new(&mut last), 1, || ()).await.is_none() {
            C::sleep(Duration::from_millis(1)).await;
        }
        drop(last);
        assert!(let_go(&counted), "the driver holds a waker of a timeout that was dropped");
        // On another thread: the worker hears of it, asleep or not.
        for round in 0..100 {
            let one = begun::<C>(Duration::from_secs(3600), &counted);
            std::thread::spawn(move || drop(one)).join().expect("it only drops");
            if round % 2 == 0 {
                C::sleep(Duration::from_micros(50)).await;
            } else {
                C::yield_now().await;
            }
        }
        for _ in 0..1_000 {
            C::yield_now().await;
        }
        assert!(let_go(&counted), "the driver holds a waker of a timeout that another thread dropped");
    });
    println!("{drops} timeouts, {ended} of them seen to end");
}

/// A task that does nothing else, and never waits for long, can be cancelled all the same.
pub(crate) fn timeouts_one_after_the_other<C: Config<Driver: Submit<Timeout>>>() {
    let runtime = runtime::<C>();
    let mut task = runtime.handle().spawn(async {
        loop {
            waits::<C>(Duration::from_millis(1)).await;
        }
    });
    runtime.block_on(async { C::sleep(Duration::from_millis(5)).await });
    closes(runtime);
    let Poll::Ready(ended) = poll_once(Pin::new(&mut task)) else { panic!("a task waits for a closed runtime") };
    assert!(ended.expect_err("it has no end").is_cancelled());
}

pub(crate) fn timeouts_at_shutdown<C: Config<Driver: Submit<Timeout>>>() {
    for round in 0..20 {
        let runtime = runtime::<C>();
        let mut tasks: Vec<_> = (0..4).map(|_| runtime.handle().spawn(waits::<C>(Duration::from_secs(3600)))).collect();
        runtime.block_on(async { C::sleep(Duration::from_millis(round % 3)).await });
        closes(runtime);
        for task in &mut tasks {
            let Poll::Ready(ended) = poll_once(Pin::new(task)) else { panic!("a task waits for a closed runtime") };
            assert!(ended.expect_err("an hour").is_cancelled());
        }
    }
}

/// What outlives the runtime is told that it is closed, and the driver keeps nothing of it.
pub(crate) fn timeouts_outlive_their_runtime<C: Config<Driver: Submit<Timeout>>>() {
    let counted = Arc::new(Counted::default());
    let runtime = runtime::<C>();
    let (one, other) = runtime.block_on(async {
        let hour = Duration::from_secs(3600);
        let never = Operation::<C, Timeout>::timeout(Nanos(u64::MAX));
        let mut never = Box::pin(never);
        poll_fn(|cx| {
            assert!(never.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        (begun::<C>(hour, &counted), (begun::<C>(hour, &counted), never))
    });
    drop(runtime);
    assert!(let_go(&counted), "a waker stays with a driver that is gone");
    assert_eq!(counted.0.load(Ordering::Relaxed), 2, "who waits is woken when the runtime closes");
    let Poll::Ready((refused, ())) = poll_once(pin!(one)) else { panic!("a timeout waits for a closed runtime") };
    let error = std::io::Error::from(bespoke::Error::from(refused.expect_err("closed")));
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe, "{error}");
    std::thread::spawn(move || drop(other)).join().expect("it only drops");
    assert!(eventually(|| let_go(&counted)));
}

/// A waker that is woken while the driver is drained is code of the program's like any other. Every resource is closed by
/// then, and what it would open nobody would close: it is refused.
pub(crate) fn nothing_is_opened_while_the_driver_drains<C: Config<Driver: Net + Submit<Timeout>>>() {
    struct Opens<C: Config>(Mutex<Option<std::io::Result<TcpListener<C>>>>);
    impl<C: Config<Driver: Net>> Wake for Opens<C> {
        fn wake(self: Arc<Self>) {
            let mut binding = pin!(TcpListener::<C>::bind("127.0.0.1:0"));
            if let Poll::Ready(bound) = binding.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                *self.0.lock().expect("nobody panics") = Some(bound);
            }
        }
    }
    let opens = Arc::new(Opens::<C>(Mutex::new(None)));
    let rt = runtime::<C>();
    let mut operation = timeout::<C>(Duration::from_secs(3600));
    rt.block_on(async {
        let waker = Waker::from(opens.clone());
        assert!(Pin::new(&mut operation).poll(&mut Context::from_waker(&waker)).is_pending());
    });
    drop(rt);
    drop(operation);
    let bound = opens.0.lock().expect("nobody panics").take().expect("it was woken");
    if <SharingOf<C> as Sharing>::MOVING {
        // The worker of the `block_on` was drained, and another one opened it, which is closed since.
        let why = bound.expect("the runtime was open").local_addr().expect_err("closed");
        return assert_eq!(why.kind(), ErrorKind::BrokenPipe);
    }
    assert_eq!(bound.expect_err("closed").kind(), ErrorKind::BrokenPipe);
}

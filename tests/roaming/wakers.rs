//! Wakers whose clone is the user's code, in the middle of a poll of what another worker watches.

use super::{Thieves, ends, runtime, soon};
use crate::{COUNTED, LONG, beside_others, count, fds};
use bespoke::Runtime;
use bespoke::rt::{AsyncFd, TcpListener, UnixDatagram};
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, RawWaker, RawWakerVTable, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Instant;

/// A waker that runs something when it is cloned, and counts its wakes.
pub(crate) struct Slow {
    woken: AtomicUsize,
    on_clone: Box<dyn Fn() + Send + Sync>,
}

impl Slow {
    pub(crate) fn new(on_clone: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Slow { woken: AtomicUsize::new(0), on_clone: Box::new(on_clone) })
    }

    /// # Safety
    /// `at` is of an `Arc` that the caller's waker holds, and goes on holding.
    unsafe fn borrowed(at: *const ()) -> core::mem::ManuallyDrop<Arc<Slow>> {
        // SAFETY: the caller's.
        core::mem::ManuallyDrop::new(unsafe { Arc::from_raw(at.cast()) })
    }
}

const TABLE: RawWakerVTable = RawWakerVTable::new(
    |at| {
        // SAFETY: the waker holds it.
        let slow = unsafe { Slow::borrowed(at) };
        (slow.on_clone)();
        RawWaker::new(Arc::into_raw(Arc::clone(&slow)).cast(), &TABLE)
    },
    |at| {
        // SAFETY: the waker's own, which ends here.
        let slow: Arc<Slow> = unsafe { Arc::from_raw(at.cast()) };
        slow.woken.fetch_add(1, SeqCst);
    },
    |at| {
        // SAFETY: the waker holds it.
        let slow = unsafe { Slow::borrowed(at) };
        slow.woken.fetch_add(1, SeqCst);
    },
    |at| {
        // SAFETY: the waker's own, which ends here.
        drop::<Arc<Slow>>(unsafe { Arc::from_raw(at.cast()) });
    },
);

pub(crate) fn waker(slow: &Arc<Slow>) -> Waker {
    let raw = RawWaker::new(Arc::into_raw(slow.clone()).cast(), &TABLE);
    // SAFETY: each function of the table does with the count what a waker's does.
    unsafe { Waker::from_raw(raw) }
}

/// A datagram waits for room by a timer of the driver's, and its future goes from one waker to another while the timer rings.
#[test]
fn a_timer_that_rings_while_a_waker_is_cloned_wakes_that_one() {
    let _beside = beside_others();
    let runtime = runtime();
    // The suite is run on several drivers beside each other.
    let name = module_path!().replace("::", "-");
    let path = std::env::temp_dir().join(format!("bespoke-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let receiver = std::os::unix::net::UnixDatagram::bind(&path).expect("a name is free");
    receiver.set_nonblocking(true).expect("open");
    runtime.block_on(async {
        let sender = UnixDatagram::<Thieves>::unbound().expect("a socket");
        let full = std::os::unix::net::UnixDatagram::unbound().expect("a socket");
        full.set_nonblocking(true).expect("open");
        while full.send_to(b"x", &path).is_ok() {}
        let mut send = pin!(sender.send_to("tea", &path));
        assert!(send.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "it is full");
        // Its worker fires the timer of a millisecond meanwhile.
        let slow = Slow::new(|| std::thread::sleep(Duration::from_millis(50)));
        if send.as_mut().poll(&mut Context::from_waker(&waker(&slow))).is_ready() {
            return;
        }
        while receiver.recv(&mut [0; 8]).is_ok() {}
        let begin = Instant::now();
        while slow.woken.load(SeqCst) == 0 {
            assert!(begin.elapsed() < LONG, "the timer rang, and who waits was not woken");
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    std::fs::remove_file(&path).expect("it is there");
    ends(runtime);
}

/// What runs in a poll of another worker's socket ends the runtime: that does not wait for the worker, which waits for the poll.
#[test]
fn a_runtime_that_is_ended_inside_a_poll_does_not_wait_for_itself() {
    // Its workers go later than it ends.
    let _alone = COUNTED.write().unwrap_or_else(PoisonError::into_inner);
    let before = fds();
    let runtime = Arc::new(Mutex::new(Some(Runtime::<Thieves>::new().expect("a runtime starts"))));
    let (tell, told) = mpsc::channel();
    let held = runtime.clone();
    let task = async move {
        // Each is watched by another worker.
        let mut listeners = Vec::new();
        for _ in 0..4 {
            listeners.push(TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free"));
        }
        let slow = Slow::new(move || {
            let Some(runtime) = held.lock().expect("one at a time").take() else { return };
            let begin = Instant::now();
            let shutdown = runtime.shutdown_timeout(LONG);
            tell.send((begin.elapsed(), shutdown.to_string())).expect("the test waits");
        });
        let mine = waker(&slow);
        for listener in &listeners {
            let mut accept = pin!(listener.accept());
            assert!(accept.as_mut().poll(&mut Context::from_waker(&mine)).is_pending(), "nobody comes");
        }
    };
    drop(runtime.lock().expect("one at a time").as_ref().expect("it is there").spawn(task));
    let (took, shutdown) = told.recv_timeout(LONG).expect("it ends");
    assert!(took < LONG / 2, "{took:?}: {shutdown}");
    drop(runtime);
    let begin = Instant::now();
    while fds() > before {
        assert!(begin.elapsed() < LONG, "a worker stays");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Two tasks take one datagram each; both come at once, and each stops after its own. What one of them was told, and the other
/// was not, is counted in two steps.
#[test]
fn each_of_two_tasks_that_wait_for_a_descriptor_gets_its_datagram() {
    let _beside = beside_others();
    let rounds = count(5_000, 200_000);
    let runtime = runtime();
    let (ours, theirs) = std::os::unix::net::UnixDatagram::pair().expect("descriptors are free");
    ours.set_nonblocking(true).expect("open");
    runtime.block_on(async {
        let fd = Arc::new(AsyncFd::<Thieves, _>::new(ours).expect("it can be waited for"));
        for round in 0..rounds {
            let takes = || {
                let fd = fd.clone();
                Thieves::spawn(async move {
                    loop {
                        let mut guard = fd.readable().await.expect("open");
                        if let Ok(got) = guard.try_io(|fd| fd.recv(&mut [0; 8])) {
                            return got.expect("open");
                        }
                    }
                })
            };
            let tasks = [takes(), takes()];
            if round % 2 == 0 {
                Thieves::yield_now().await;
                std::thread::sleep(Duration::from_micros(20));
            }
            theirs.send(b"1").expect("open");
            theirs.send(b"2").expect("open");
            for task in tasks {
                assert_eq!(soon("a datagram that is there", task).await.expect("it takes one"), 1);
            }
        }
    });
    ends(runtime);
}

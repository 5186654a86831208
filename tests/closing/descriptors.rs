//! With descriptors: what is closed, and how often.

use super::*;
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{File, UnixStream};
use core::pin::pin;
use core::task::{RawWaker, RawWakerVTable};
use std::collections::BTreeSet;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream as StdStream;

fn descriptors() -> BTreeSet<i32> {
    let names = std::fs::read_dir("/proc/self/fd")
        .expect("there is one")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| name.parse().ok()).collect()
}

/// The ring of the kernel that runs.
struct Ring;

#[bespoke::config(base = preset::Default)]
impl Config for Ring {
    type Driver = bespoke::driver::IoUring;
}

/// Leaves a waker with a stream that nobody waits for.
fn leave_waker<C: Config<Driver: Unix>>(stream: &mut UnixStream<C>, waker: &Waker) {
    let mut buffer = [0; 1];
    let mut read = pin!(stream.read(&mut buffer));
    assert!(read.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
}

#[test]
fn a_stream_whose_waker_panics_as_it_goes_is_closed_once() {
    let _alone = alone();
    let rt = Runtime::<D>::new().expect("it starts");
    let (_there, mine) = rt.block_on(async {
        let (mut here, there) = UnixStream::<D>::pair().expect("a pair");
        leave_waker(&mut here, &Waker::from(Arc::new(Loud)));
        let before = descriptors();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(here)));
        assert_eq!(before.difference(&descriptors()).count(), 1);
        // It takes the number that was just given back.
        (there, std::fs::File::open("/dev/null").expect("there is one"))
    });
    drop(rt);
    let path = format!("/proc/self/fd/{}", mine.as_raw_fd());
    let still = std::fs::read_link(path);
    if still.is_err() {
        core::mem::forget(mine);
    }
    assert!(still.is_ok_and(|path| path.ends_with("null")), "the runtime closed a file that is not its own");
}

#[test]
fn a_stream_whose_waker_panics_as_it_goes_silences_no_other_waker() {
    let _alone = alone();
    let rt = Runtime::<D>::new().expect("it starts");
    let told = Arc::new(AtomicBool::new(false));
    let place = Arc::new(Mutex::new(None::<Waker>));
    let (flag, waker) = (told.clone(), place.clone());
    let task = rt.spawn(core::future::poll_fn(move |cx| {
        *waker.lock().expect("nobody panics") = Some(cx.waker().clone());
        if flag.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }));
    rt.block_on(async move {
        D::yield_now().await;
        let (mut here, _there) = UnixStream::<D>::pair().expect("a pair");
        leave_waker(&mut here, &Waker::from(Arc::new(Loud)));
        // Both come home in one look at the inbox.
        let elsewhere = move || {
            drop(here);
            told.store(true, SeqCst);
            place.lock().expect("nobody panics").as_ref().expect("it waits").wake_by_ref();
        };
        std::thread::spawn(elsewhere).join().expect("it ends");
        D::timeout(Duration::from_secs(20), task).await.expect("it is woken").expect("it ends");
    });
}

/// A waker that cannot be cloned.
fn cannot_be_cloned() -> Waker {
    fn clone(_: *const ()) -> RawWaker {
        panic!("a waker's own")
    }
    fn nothing(_: *const ()) {}
    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, nothing, nothing, nothing);
    // SAFETY: the table does nothing to the pointer; a clone that panics makes no second waker.
    unsafe { Waker::from_raw(RawWaker::new(core::ptr::null(), &TABLE)) }
}

/// A buffer that says when it goes.
struct Watched(Vec<u8>, Arc<AtomicBool>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.1.store(true, SeqCst);
    }
}

// SAFETY: the vector's memory, which stays where it is and as long as it is while the value lives.
unsafe impl bespoke::io::IoBuf for Watched {
    fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr()
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

// SAFETY: as above; every byte is initialised.
unsafe impl bespoke::io::IoBufMut for Watched {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.as_mut_ptr()
    }
    fn capacity(&self) -> usize {
        self.0.len()
    }
    unsafe fn set_len(&mut self, _: usize) {}
}

/// Both ends of a FIFO in one file of std's, so that nobody waits for the other.
fn fifo(name: &str) -> (std::path::PathBuf, std::fs::File) {
    let path = std::env::temp_dir().join(format!("bespoke-closing-{}-{name}", std::process::id()));
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
    assert!(made.success());
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).expect("it opens");
    (path, file)
}

/// The pool's thread is inside `read(2)` when the poll that started it panics.
#[test]
fn a_buffer_that_a_job_uses_stays_though_the_poll_that_lent_it_panicked() {
    let _alone = alone();
    let (path, mut theirs) = fifo("lent");
    let rt = Runtime::<D>::new().expect("it starts");
    rt.block_on(async {
        let mut pipe = File::<D>::options().read(true).write(true).open(&path).await.expect("it opens");
        std::fs::remove_file(&path).expect("it is there");
        let waker = cannot_be_cloned();
        let mut cx = Context::from_waker(&waker);
        // A job that has not begun may go with its buffer: then once more, with more time to begin.
        for tries in 1..=10 {
            let gone = Arc::new(AtomicBool::new(false));
            let mut read = Box::pin(pipe.read(Watched(vec![0; 64], gone.clone())));
            assert!(catch_unwind(AssertUnwindSafe(|| read.as_mut().poll(&mut cx).is_ready())).is_err());
            D::sleep(Duration::from_millis(20 * tries)).await;
            drop(read);
            if gone.load(SeqCst) {
                continue;
            }
            std::io::Write::write_all(&mut theirs, &[1, 2, 3]).expect("it is open");
            while !gone.load(SeqCst) {
                D::sleep(Duration::from_millis(1)).await;
            }
            return;
        }
        panic!("freed while the job may write into it");
    });
}

/// Holds a future, and does nothing with it.
struct Holds(#[expect(dead_code, reason = "held, and dropped")] Mutex<Option<Held>>);

impl Wake for Holds {
    fn wake(self: Arc<Self>) {}
}

/// Leaves another waker with a stream, when it goes.
struct Leaves(Mutex<Option<(UnixStream<D>, Waker)>>);

impl Wake for Leaves {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Leaves {
    fn drop(&mut self) {
        if let Some((mut stream, waker)) = self.0.lock().expect("nobody panics").take() {
            leave_waker(&mut stream, &waker);
        }
    }
}

/// The one waker goes as its stream is closed, polls another stream that is closed already, and leaves with it a waker that
/// holds an operation: which may not be dropped under a driver that is half gone.
#[test]
fn an_operation_that_the_driver_holds_by_a_waker_outlives_it() {
    let _alone = alone();
    let (path, mut theirs) = fifo("held");
    let gone = Arc::new(AtomicBool::new(false));
    let rt = Runtime::<D>::new().expect("it starts");
    let there = rt.block_on(async {
        let (first, mut second) = UnixStream::<D>::pair().expect("a pair");
        let mut pipe = File::<D>::options().read(true).write(true).open(&path).await.expect("it opens");
        std::fs::remove_file(&path).expect("it is there");
        let buffer = Watched(vec![0; 64], gone.clone());
        let mut operation: Held = Box::pin(async move { drop(pipe.read(buffer).await) });
        assert!(operation.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let holds = Waker::from(Arc::new(Holds(Mutex::new(Some(operation)))));
        leave_waker(&mut second, &Waker::from(Arc::new(Leaves(Mutex::new(Some((first, holds)))))));
        second
    });
    drop(rt);
    std::io::Write::write_all(&mut theirs, &[1]).expect("it is open");
    drop(there);
}

/// What comes when a waker goes: a stranger's sockets, and a write that is held.
#[derive(Default)]
struct Came {
    strangers: Option<(StdStream, StdStream)>,
    write: Option<Held>,
}

/// When it goes it lets a stranger have the number of a stream that is closed by then, and asks for a write to that stream.
struct WritesLate<C: Config<Driver: Unix>>(Mutex<Option<UnixStream<C>>>, Arc<Mutex<Came>>);

impl<C: Config<Driver: Unix>> Wake for WritesLate<C> {
    fn wake(self: Arc<Self>) {}
}

impl<C: Config<Driver: Unix>> Drop for WritesLate<C> {
    fn drop(&mut self) {
        let strangers = StdStream::pair().expect("descriptors are free");
        let mut stream = self.0.lock().expect("nobody panics").take().expect("it goes once");
        let mut write: Held = Box::pin(async move { drop(stream.write_all("x").await) });
        let _ = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        *self.1.lock().expect("nobody panics") = Came { strangers: Some(strangers), write: Some(write) };
    }
}

/// The driver would give the write to the system by the number, in its last turns.
fn asks_for_a_number_that_is_a_strangers<C: Config<Driver: Unix>>() {
    let _alone = alone();
    let came = Arc::new(Mutex::new(Came::default()));
    let rt = Runtime::<C>::new().expect("it starts");
    let (number, others) = rt.block_on(async {
        let (first, its_peer) = UnixStream::<C>::pair().expect("a pair");
        let (mut second, other_peer) = UnixStream::<C>::pair().expect("a pair");
        let number = first.with_fd(|fd| fd.as_raw_fd()).expect("it is open");
        let late = WritesLate(Mutex::new(Some(first)), came.clone());
        leave_waker(&mut second, &Waker::from(Arc::new(late)));
        (number, (its_peer, second, other_peer))
    });
    drop(rt);
    let mut came = came.lock().expect("nobody panics");
    let (one, other) = came.strangers.take().expect("the waker went in the close");
    assert!([one.as_raw_fd(), other.as_raw_fd()].contains(&number), "the number is not a stranger's");
    for stranger in [&one, &other] {
        stranger.set_nonblocking(true).expect("it is open");
        let came = std::io::Read::read(&mut &*stranger, &mut [0; 8]);
        let nothing = matches!(&came, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
        assert!(nothing, "a stranger got what was written to a stream that is closed: {came:?}");
    }
    drop(came.write.take());
    drop(others);
}

#[test]
fn a_write_in_a_close_reaches_no_stranger() {
    asks_for_a_number_that_is_a_strangers::<D>();
}

#[test]
fn a_write_in_a_close_reaches_no_stranger_by_a_ring() {
    if !crate::ring::is_denied("a_write_in_a_close_reaches_no_stranger_by_a_ring") {
        asks_for_a_number_that_is_a_strangers::<Ring>();
    }
}

//! Calls that wait, under a storm of signals whose handler does *not* ask for a restart.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;

use super::super::poll::{Interest, monotonic_ns, poll_ready};
use super::super::{fd, file, socket, transfer};
use super::{Owned, connect, listener, pair, send, v4};

std::thread_local! {
    /// By thread, so that one test's storm is not taken for another's. No destructor, so a handler may use it.
    static CAUGHT: AtomicUsize = const { AtomicUsize::new(0) };
}

extern "C" fn count_one(_: libc::c_int) {
    CAUGHT.with(|caught| caught.fetch_add(1, Ordering::SeqCst));
}

/// Runs `wait` on this thread, with a signal for it every 200 µs, and `act` on another one after 30 ms, when at least
/// `signals_min` have come.
fn stormed<R>(signals_min: usize, wait: impl FnOnce() -> R, act: impl FnOnce() + Send) -> R {
    let action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: made of integers, an optional function and a set of bits, for which zero is a value.
    let mut action = unsafe { action.assume_init() };
    action.sa_sigaction = count_one as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // SAFETY: `action` is live and whole, and its handler only counts.
    assert_eq!(unsafe { libc::sigaction(libc::SIGURG, &raw const action, core::ptr::null_mut()) }, 0);
    // SAFETY: takes nothing.
    let me = unsafe { libc::pthread_self() };
    let over = AtomicBool::new(false);
    CAUGHT.with(|caught| {
        let enough = caught.load(Ordering::SeqCst) + signals_min;
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    // SAFETY: the thread lives until the scope has ended.
                    unsafe { libc::pthread_kill(me, libc::SIGURG) };
                    std::thread::sleep(Duration::from_micros(200));
                }
            });
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(30));
                // A busy machine delivers them late.
                while caught.load(Ordering::SeqCst) < enough && !over.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_micros(200));
                }
                act();
            });
            let result = wait();
            over.store(true, Ordering::SeqCst);
            result
        });
        assert!(caught.load(Ordering::SeqCst) >= enough, "no storm");
        result
    })
}

#[test]
fn a_read_goes_on() {
    let (client, server) = pair(v4());
    fd::set_nonblocking(server.0, false).unwrap();
    let mut bytes = [0; 4];
    let (pointer, len) = (bytes.as_mut_ptr(), bytes.len());
    // SAFETY: `bytes` is live and used by nobody else during the call.
    let got = stormed(
        10,
        || unsafe { transfer::recv(server.0, pointer, len, false) },
        || assert_eq!(send(&client, b"late"), Ok(4)),
    );
    assert_eq!(got, Ok(4));
    assert_eq!(bytes, *b"late");
}

#[test]
fn an_open_and_the_reads_of_a_file_go_on() {
    let path = std::env::temp_dir().join(std::format!("bespoke-sys-{}-pipe", std::process::id()));
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: a C string, which stays.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let how = file::OpenHow {
        read: true,
        write: false,
        append: false,
        truncate: false,
        create: false,
        create_new: false,
        mode: 0,
        flags: 0,
    };
    // Opening one end waits for the other.
    let mut theirs = None;
    // SAFETY: as above.
    let ours = stormed(
        10,
        || unsafe { file::open(name.as_ptr(), &how) },
        || theirs = Some(std::fs::File::options().write(true).open(&path).unwrap()),
    );
    let (ours, mut theirs) = (Owned(ours.unwrap()), theirs.unwrap());
    let mut bytes = [0; 4];
    let pointer = bytes.as_mut_ptr();
    let late = |theirs: &mut std::fs::File| std::io::Write::write_all(theirs, b"late").unwrap();
    // SAFETY: `bytes` is live and used by nobody else during the call.
    let got = stormed(10, || unsafe { file::read(ours.0, pointer, 4, None) }, || late(&mut theirs));
    assert_eq!((got, bytes), (Ok(4), *b"late"));
    let list = [transfer::IoVec::new(pointer, 4)];
    // SAFETY: as above.
    let got = stormed(10, || unsafe { file::read_vectored(ours.0, &list, None) }, || late(&mut theirs));
    assert_eq!(got, Ok(4));
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn an_accept_goes_on() {
    let (listener, address) = listener(v4());
    fd::set_nonblocking(listener.0, false).unwrap();
    let got = stormed(10, || socket::accept(listener.0, true), || drop(connect(address)));
    drop(Owned(got.unwrap().0));
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn an_interrupted_connect_is_in_progress() {
    // A full queue makes Linux ignore a new connection until it is asked again, a second later: a connect that waits.
    let listener = Owned(socket::stream_socket(&v4(), true).unwrap());
    socket::bind(listener.0, &v4().into()).unwrap();
    socket::listen(listener.0, 0).unwrap();
    let address = socket::local_addr(listener.0).unwrap();
    let filled_by: [Owned; 4] = core::array::from_fn(|_| {
        let stream = Owned(socket::stream_socket(&v4(), true).unwrap());
        let _ = socket::connect_start(stream.0, &address.into()).unwrap();
        stream
    });
    let client = Owned(socket::stream_socket(&v4(), false).unwrap());
    // The first signal ends this call.
    let connected = stormed(1, || socket::connect_start(client.0, &address.into()), || {});
    assert_eq!(connected, Ok(socket::Connect::InProgress));

    // And it goes on, as soon as there is room.
    drop(filled_by);
    while !poll_ready(client.0, Interest::Write, Some(Duration::ZERO)).unwrap() {
        assert!(poll_ready(listener.0, Interest::Read, super::PATIENCE).unwrap());
        drop(Owned(socket::accept(listener.0, true).unwrap().0));
    }
    assert_eq!(socket::take_error(client.0), Ok(None));
}

#[test]
fn a_poll_is_neither_ended_nor_lengthened() {
    let (listener, _) = listener(v4());
    let before = monotonic_ns();
    let ready = stormed(10, || poll_ready(listener.0, Interest::Read, Some(Duration::from_millis(100))), || {});
    let passed = Duration::from_nanos(monotonic_ns() - before);
    assert_eq!(ready, Ok(false));
    assert!(passed >= Duration::from_millis(100), "{passed:?}");
    // Signals came for as long as the wait lasted: a wait that starts anew after each would not end at all.
    assert!(passed < Duration::from_secs(10), "{passed:?}");
}

/// A send that waits for room, and a peer that begins to read late. Signals interrupt it: what was sent until then is told.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_sent_goes_on() {
    use super::super::send_file;
    const LEN: usize = 32 << 20;
    let path = std::env::temp_dir().join(std::format!("bespoke-sys-{}-sent", std::process::id()));
    let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file.set_len(LEN as u64).unwrap();
    let file = std::os::fd::AsRawFd::as_raw_fd(&file);
    let (client, server) = pair(v4());
    fd::set_nonblocking(client.0, false).unwrap();
    fd::set_nonblocking(server.0, false).unwrap();
    let sent = stormed(
        10,
        || {
            let mut sent = 0;
            while sent < LEN {
                sent += send_file::send(client.0, file, sent as u64, LEN - sent).unwrap();
            }
            socket::shutdown(client.0, std::net::Shutdown::Write).unwrap();
            sent
        },
        || {
            let mut room = std::vec![0; 1 << 20];
            let mut got = 0;
            loop {
                // SAFETY: `room` is live and used by nobody else during the call.
                match unsafe { transfer::recv(server.0, room.as_mut_ptr(), room.len(), false) }.unwrap() {
                    0 => break,
                    n => got += n,
                }
            }
            assert_eq!(got, LEN);
        },
    );
    assert_eq!(sent, LEN);
}

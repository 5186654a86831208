use super::super::testing::{next, now, once};
use super::*;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;
use std::vec::Vec;

#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn both_ends_talk_and_each_end_is_told() {
    let (mut a, mut b) = duplex(4);
    assert!(once(b.read(&mut [0; 4])).is_none());
    assert_eq!(now(a.write(b"abcdef".to_vec())).0.unwrap(), 4, "no more than fits");
    assert!(once(a.write(b"e".to_vec())).is_none());
    let mut three = [0; 3];
    assert_eq!((now(b.read(&mut three)).unwrap(), &three), (3, b"abc"));
    assert_eq!(now(a.write(b"ef".to_vec())).0.unwrap(), 2);
    assert_eq!((now(b.read(&mut three)).unwrap(), &three), (3, b"def"), "around the end of the ring");
    now(a.end_writes()).unwrap();
    assert_eq!(now(b.read(&mut three)).unwrap(), 0);
    assert_eq!(now(a.write(b"x".to_vec())).0.unwrap_err().kind(), io::ErrorKind::BrokenPipe, "it was ended");
    now(b.write(b"back".to_vec())).0.unwrap();
    drop(b);
    let mut four = [0; 4];
    assert_eq!((now(a.read(&mut four)).unwrap(), &four), (4, b"back"), "what was sent before the drop comes");
    assert_eq!(now(a.read(&mut four)).unwrap(), 0);
}

#[test]
fn each_change_wakes_who_waits_for_it() {
    let counts = Arc::new(Counts::default());
    let waker = Waker::from(counts.clone());
    let mut cx = Context::from_waker(&waker);
    let woken = || counts.0.swap(0, Ordering::Relaxed);

    // A future that is dropped leaves its waker: what is awaited is told all the same.
    macro_rules! poll {
        ($future:expr) => {
            pin!($future).poll(&mut cx)
        };
    }

    let (mut a, mut b) = duplex(1);
    let mut byte = [0];
    assert!(poll!(b.read(&mut byte)).is_pending());
    now(a.write(b"x".to_vec())).0.unwrap();
    assert_eq!(woken(), 1, "bytes have come");
    assert!(poll!(b.read(&mut byte)).is_ready());
    now(a.write(b"y".to_vec())).0.unwrap();
    assert!(poll!(a.write(b"z".to_vec())).is_pending());
    assert_eq!(woken(), 0);
    now(b.read(&mut byte)).unwrap();
    assert_eq!(woken(), 1, "there is room");
    assert!(poll!(a.write(b"z".to_vec())).is_ready());

    let (mut reader, mut writer) = a.into_split();
    assert!(poll!(reader.read(&mut byte)).is_pending());
    let (their_reader, their_writer) = b.into_split();
    drop(their_writer);
    assert_eq!(woken(), 1, "the end has come");
    assert!(matches!(poll!(reader.read(&mut byte)), Poll::Ready(Ok(0))));
    assert!(poll!(writer.write(b"z".to_vec())).is_pending());
    drop(their_reader);
    assert_eq!(woken(), 1, "nobody will read");
    let Poll::Ready((failed, buffer)) = poll!(writer.write(b"z".to_vec())) else { panic!("nobody reads") };
    assert_eq!((failed.unwrap_err().kind(), &buffer[..]), (io::ErrorKind::BrokenPipe, &b"z"[..]));
}

#[test]
fn random_parts_arrive_in_order() {
    let mut state = 3;
    for _ in 0..if cfg!(miri) { 5 } else { 500 } {
        let (mut a, mut b) = duplex(1 + next(&mut state, 9));
        let (mut sent, mut got) = (Vec::new(), Vec::new());
        for n in 0..100u8 {
            if next(&mut state, 2) == 0 {
                let part = std::vec![n; next(&mut state, 6)];
                if let Some((written, part)) = once(a.write(part)) {
                    sent.extend_from_slice(&part[..written.unwrap()]);
                }
            } else {
                let mut buffer = [0; 7];
                let len = next(&mut state, 8);
                if let Some(read) = once(b.read(&mut buffer[..len])) {
                    got.extend_from_slice(&buffer[..read.unwrap()]);
                }
            }
        }
        drop(a);
        now(b.read_to_end(&mut got)).unwrap();
        assert_eq!(got, sent);
    }
}

/// Threads that block on their own wakers: a lost wake is a test that never ends.
#[test]
fn between_threads() {
    struct Unparks(std::thread::Thread);
    impl Wake for Unparks {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    fn block_on<F: Future>(future: F) -> F::Output {
        let (waker, mut future) = (Waker::from(Arc::new(Unparks(std::thread::current()))), pin!(future));
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => std::thread::park(),
            }
        }
    }
    let len = if cfg!(miri) { 300 } else { 100_000 };
    let (mut a, mut b) = duplex(13);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let all: Vec<u8> = (0..len).map(|n| n as u8).collect();
            block_on(a.write_all(all)).0.unwrap();
        });
        let mut got = Vec::new();
        assert_eq!(block_on(b.read_to_end(&mut got)).unwrap(), len);
        assert!(got.iter().enumerate().all(|(at, byte)| *byte == at as u8));
    });
}

//! Polls over a file in memory that is slow at will, against the same calls on a `Cursor`.

use super::super::super::testing::next;
use super::super::super::{Reads, Seeks, Writes};
use super::PollFile;
use bespoke_core::io::IoBuf;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use std::io::{self, Cursor, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Arc, Mutex};
use std::vec;
use std::vec::Vec;

/// A file whose operations wait now and then, and fail when they are told to.
struct Slow {
    bytes: Cursor<Vec<u8>>,
    choices: u64,
    /// The kind of the next error.
    fails: Arc<Mutex<Option<ErrorKind>>>,
}

impl Slow {
    fn new(bytes: &[u8], seed: u64) -> Self {
        Slow { bytes: Cursor::new(bytes.to_vec()), choices: seed, fails: Arc::default() }
    }

    /// Waits a few polls, or not at all; then fails, if it was told to.
    async fn turn(&mut self) -> io::Result<()> {
        let mut polls = next(&mut self.choices, 4).saturating_sub(1);
        poll_fn(|_| {
            let waits = polls > 0;
            polls = polls.saturating_sub(1);
            if waits { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        match self.fails.lock().unwrap().take() {
            Some(kind) => Err(kind.into()),
            None => Ok(()),
        }
    }
}

impl Reads for Slow {
    async fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> io::Result<usize> {
        self.turn().await?;
        self.bytes.read(buffer)
    }
}

impl Writes for Slow {
    async fn write<B: IoBuf>(&mut self, buffer: B) -> (io::Result<usize>, B) {
        if let Err(error) = self.turn().await {
            return (Err(error), buffer);
        }
        (self.bytes.write(buffer.as_bytes()), buffer)
    }
    async fn end_writes(&mut self) -> io::Result<()> {
        self.turn().await
    }
}

impl Seeks for Slow {
    async fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.turn().await?;
        self.bytes.seek(to)
    }
}

fn idle() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Polls until it is ready.
fn until<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    for _ in 0..100 {
        if let Poll::Ready(output) = poll(&mut idle()) {
            return output;
        }
    }
    panic!("it waits for ever");
}

#[test]
fn random_polls_are_those_of_a_cursor() {
    let mut state = 5;
    let mut next = |below| next(&mut state, below);
    for round in 0..if cfg!(miri) { 5 } else { 500 } {
        let start: Vec<u8> = (0..next(60)).map(|byte| byte as u8).collect();
        let mut file = PollFile::with_capacity(1 + next(9), Slow::new(&start, round));
        let mut model = Cursor::new(start);
        for byte in 0..120_u8 {
            match next(8) {
                // Also one that waits and is not repeated: it has taken nothing.
                0..3 => {
                    let mut buffer = [0; 12];
                    let wanted = next(12);
                    if let Poll::Ready(read) = file.poll_read(&mut idle(), &mut buffer[..wanted]) {
                        let read = read.unwrap();
                        let mut same = vec![0; read];
                        model.read_exact(&mut same).expect("there is no more in the file than was written");
                        assert_eq!(&buffer[..read], same);
                        let ended = model.position() >= model.get_ref().len() as u64;
                        assert!(read > 0 || wanted == 0 || ended, "an end before the end");
                    }
                }
                3..6 => {
                    let part = vec![byte; 1 + next(12)];
                    if let Poll::Ready(taken) = file.poll_write(&mut idle(), &part) {
                        model.write_all(&part[..taken.unwrap()]).unwrap();
                    }
                }
                6 => drop(file.poll_flush(&mut idle())),
                _ => {
                    // What a seek that is not repeated did, nobody knows; the next one says where it is.
                    if next(3) == 0 {
                        drop(file.poll_seek(&mut idle(), SeekFrom::Current(1)));
                        until(|cx| file.poll_seek(cx, SeekFrom::Start(3)).map(Result::unwrap));
                        model.seek(SeekFrom::Start(3)).unwrap();
                    }
                    let to = match next(3) {
                        0 => SeekFrom::Start(next(70) as u64),
                        1 => SeekFrom::Current(next(20) as i64 - 10),
                        _ => SeekFrom::End(next(20) as i64 - 15),
                    };
                    let sought = until(|cx| file.poll_seek(cx, to));
                    assert_eq!(sought.as_ref().ok(), model.seek(to).as_ref().ok(), "{to:?}");
                }
            }
        }
        until(|cx| file.poll_close(cx)).unwrap();
        let file = file.into_inner().unwrap_or_else(|_| panic!("nothing is under way"));
        assert_eq!(file.bytes.get_ref(), model.get_ref());
    }
}

#[test]
fn what_was_read_ahead_is_given_back_before_a_write() {
    let mut file = PollFile::new(Slow::new(b"0123456789", 1));
    let mut two = [0; 2];
    assert_eq!(until(|cx| file.poll_read(cx, &mut two)).unwrap(), 2);
    assert_eq!(file.buffer(), b"23456789");
    assert_eq!(until(|cx| file.poll_write(cx, b"ab")).unwrap(), 2);
    assert_eq!(until(|cx| file.poll_read(cx, &mut two)).unwrap(), 2);
    assert_eq!(&two, b"45");
    assert_eq!(until(|cx| file.poll_seek(cx, SeekFrom::Current(0))).unwrap(), 6, "where the reader is");
    until(|cx| file.poll_flush(cx)).unwrap();
    assert_eq!(file.into_inner().unwrap_or_else(|_| panic!("it was flushed")).bytes.into_inner(), b"01ab456789");
}

#[test]
fn each_error_is_told_once_to_whoever_polls_next() {
    let slow = Slow::new(b"0123456789", 2);
    let fails = slow.fails.clone();
    let mut file = PollFile::with_capacity(4, slow);
    // A write that waits is taken all the same; its error comes with what follows, whatever that is.
    let fail = |kind| *fails.lock().unwrap() = Some(kind);
    for follows in 0..3 {
        let told = loop {
            fail(ErrorKind::StorageFull);
            match file.poll_write(&mut idle(), b"xy") {
                // It did not wait.
                Poll::Ready(Err(error)) => assert_eq!(error.kind(), ErrorKind::StorageFull),
                Poll::Ready(Ok(taken)) => {
                    assert_eq!(taken, 2);
                    break match follows {
                        0 => until(|cx| file.poll_flush(cx)).unwrap_err(),
                        1 => until(|cx| file.poll_read(cx, &mut [0; 2])).unwrap_err(),
                        _ => until(|cx| file.poll_seek(cx, SeekFrom::Start(0))).unwrap_err(),
                    };
                }
                Poll::Pending => panic!("nothing is under way"),
            }
        };
        assert_eq!(told.kind(), ErrorKind::StorageFull);
        until(|cx| file.poll_flush(cx)).unwrap();
    }
    // A seek that fails leaves the cursor and what was read ahead.
    until(|cx| file.poll_seek(cx, SeekFrom::Start(0))).unwrap();
    assert_eq!(until(|cx| file.poll_read(cx, &mut [0])).unwrap(), 1);
    for to in [SeekFrom::Current(-2), SeekFrom::Current(i64::MIN)] {
        assert_eq!(until(|cx| file.poll_seek(cx, to)).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(file.buffer(), b"123");
    }
    // Once it failed, it is asked for again, and not taken for done.
    fail(ErrorKind::Other);
    assert!(until(|cx| file.poll_seek(cx, SeekFrom::Start(7))).is_err());
    assert_eq!(until(|cx| file.poll_seek(cx, SeekFrom::Start(7))).unwrap(), 7);
    assert_eq!(until(|cx| file.poll_read(cx, &mut [0])).unwrap(), 1);
    assert_eq!(file.buffer(), b"89");
}

#[test]
fn seek_that_nobody_waits_for_comes_first_all_the_same() {
    let mut file = PollFile::new(Slow::new(b"0123456789", 3));
    file.begin_seek(SeekFrom::End(-2)).unwrap();
    assert_eq!(file.begin_seek(SeekFrom::Start(0)).unwrap_err().kind(), ErrorKind::ResourceBusy);
    let mut buffer = [0; 4];
    assert_eq!(until(|cx| file.poll_read(cx, &mut buffer)).unwrap(), 2);
    assert_eq!(&buffer[..2], b"89");
    assert_eq!(until(|cx| file.poll_sought(cx)).unwrap(), 8, "where the last seek led");
}

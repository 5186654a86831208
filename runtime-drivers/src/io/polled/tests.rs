//! Polls over streams in memory that are full or empty at will; who is woken, and what arrives.

use super::super::testing::now;
use super::super::{DuplexStream, Reads, Writes, duplex};
use super::{PollReader, PollStream, PollWriter};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use std::io::ErrorKind;
use std::sync::Arc;
use std::task::Wake;
use std::vec;
use std::vec::Vec;

#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counted() -> (Waker, impl Fn() -> usize) {
    let counts = Arc::new(Counts::default());
    (Waker::from(counts.clone()), move || counts.0.swap(0, Ordering::Relaxed))
}

fn idle() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// All that has come by now.
fn come(stream: &mut DuplexStream) -> Vec<u8> {
    let mut got = Vec::new();
    let _ = super::super::testing::once(stream.read_to_end(&mut got));
    got
}

#[test]
fn read_goes_on_under_the_next_poll_and_wakes_the_last_who_polled() {
    let (ours, mut theirs) = duplex(16);
    let mut reader = PollReader::with_capacity(4, ours);
    let ((first, first_woken), (last, last_woken)) = (counted(), counted());
    let mut buffer = [0; 3];
    assert!(reader.poll_read(&mut Context::from_waker(&first), &mut buffer).is_pending());
    assert!(reader.get_ref().is_none(), "the read has it");
    assert!(reader.poll_read(&mut Context::from_waker(&last), &mut buffer).is_pending());
    now(theirs.write_all(b"abcdef".to_vec())).0.unwrap();
    assert_eq!((first_woken(), last_woken()), (0, 1));
    for part in [&b"abc"[..], b"d", b"ef"] {
        let Poll::Ready(Ok(read)) = reader.poll_read(&mut idle(), &mut buffer) else { panic!("it is there") };
        assert_eq!(&buffer[..read], part);
    }
    assert!(matches!(reader.poll_read(&mut idle(), &mut []), Poll::Ready(Ok(0))), "nothing wanted, no read begun");
    assert!(reader.get_ref().is_some());
    drop(theirs);
    assert!(matches!(reader.poll_fill_buf(&mut idle()), Poll::Ready(Ok(&[]))));
    assert!(reader.into_inner().is_ok());
}

#[test]
fn taken_bytes_are_sent_once_and_in_order_whoever_polls() {
    let (ours, mut theirs) = duplex(4);
    let mut writer = PollWriter::with_capacity(8, ours);
    assert!(matches!(writer.poll_write(&mut idle(), b"abcdefghij"), Poll::Ready(Ok(8))), "as much as the buffer holds");
    assert!(writer.poll_write(&mut idle(), b"never taken").is_pending());
    assert!(writer.poll_flush(&mut idle()).is_pending());
    assert_eq!(come(&mut theirs), b"abcd");
    // Another buffer than the one that was refused: nothing of that was taken.
    assert!(matches!(writer.poll_write(&mut idle(), b"ij"), Poll::Ready(Ok(2))));
    assert_eq!(come(&mut theirs), b"efgh");
    assert!(matches!(writer.poll_close(&mut idle()), Poll::Ready(Ok(()))));
    assert!(matches!(writer.poll_close(&mut idle()), Poll::Ready(Ok(()))), "once done it is done");
    assert_eq!(come(&mut theirs), b"ij");
    assert_eq!(now(theirs.read(&mut [0])).unwrap(), 0, "the end was told");
}

#[test]
fn error_of_bytes_that_were_taken_comes_with_the_next_call() {
    let (ours, theirs) = duplex(1);
    let mut writer = PollWriter::new(ours);
    assert!(matches!(writer.poll_write(&mut idle(), b"ab"), Poll::Ready(Ok(2))));
    drop(theirs);
    let Poll::Ready(Err(error)) = writer.poll_flush(&mut idle()) else { panic!("nobody reads") };
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert!(matches!(writer.poll_write(&mut idle(), b"c"), Poll::Ready(Err(_))));
}

/// A question that did not fit, and then a read: the read sends the rest, or both would wait for ever.
#[test]
fn read_drives_the_write_that_is_under_way() {
    let (ours, mut theirs) = duplex(4);
    let mut stream = PollStream::from(ours);
    let (waker, woken) = counted();
    assert!(matches!(stream.poll_write(&mut idle(), b"question"), Poll::Ready(Ok(8))));
    let mut buffer = [0; 8];
    assert!(stream.poll_read(&mut Context::from_waker(&waker), &mut buffer).is_pending());
    assert_eq!(come(&mut theirs), b"ques");
    assert_eq!(woken(), 1, "there is room for the rest, and nobody else polls");
    assert!(stream.poll_read(&mut Context::from_waker(&waker), &mut buffer).is_pending());
    assert_eq!(come(&mut theirs), b"tion");
}

/// Two tasks share the stream: the reader drives, but the writer stays the one who is woken.
#[test]
fn reader_takes_no_place_of_a_writer_that_waits() {
    let (ours, mut theirs) = duplex(4);
    let mut stream = PollStream::from(ours);
    let ((reads, read_woken), (writes, write_woken)) = (counted(), counted());
    assert!(matches!(stream.poll_write(&mut Context::from_waker(&writes), b"12345678"), Poll::Ready(Ok(8))));
    assert!(stream.poll_write(&mut Context::from_waker(&writes), b"9").is_pending());
    assert!(stream.poll_read(&mut Context::from_waker(&reads), &mut [0; 8]).is_pending());
    assert_eq!(come(&mut theirs), b"1234");
    assert_eq!((read_woken(), write_woken()), (0, 1));
    // The reader is faster: it ends the write, and tells the writer.
    assert!(stream.poll_read(&mut Context::from_waker(&reads), &mut [0; 8]).is_pending());
    assert_eq!((read_woken(), write_woken()), (0, 1));
    assert!(matches!(stream.poll_write(&mut Context::from_waker(&writes), b"9"), Poll::Ready(Ok(1))));
    assert_eq!(come(&mut theirs), b"5678");
    // The same with an error: the writer gets it, once.
    assert!(matches!(stream.poll_write(&mut Context::from_waker(&writes), b"abcdefgh"), Poll::Ready(Ok(8))));
    assert!(stream.poll_flush(&mut Context::from_waker(&writes)).is_pending());
    drop(theirs);
    write_woken();
    assert!(matches!(stream.poll_read(&mut Context::from_waker(&reads), &mut [0; 8]), Poll::Ready(Ok(0))));
    assert_eq!(write_woken(), 1);
    let Poll::Ready(Err(error)) = stream.poll_flush(&mut Context::from_waker(&writes)) else { panic!("nobody reads") };
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[test]
fn random_polls_lose_and_repeat_nothing() {
    let mut state = 11;
    let mut next = |below| super::super::testing::next(&mut state, below);
    for _ in 0..500 {
        let (ours, mut theirs) = duplex(1 + next(7));
        let (reader, writer) = ours.into_split();
        let mut stream = PollStream::with_capacity(1 + next(9), reader, writer);
        let (mut sent, mut got, mut said, mut heard) = (vec![], vec![], vec![], vec![]);
        for n in 0..120u8 {
            match next(5) {
                0 => {
                    let part = vec![n; 1 + next(12)];
                    if let Poll::Ready(taken) = stream.poll_write(&mut idle(), &part) {
                        sent.extend_from_slice(&part[..taken.unwrap()]);
                    }
                }
                1 => drop(stream.poll_flush(&mut idle())),
                2 => got.extend(come(&mut theirs)),
                3 => {
                    let part = vec![n; 1 + next(4)];
                    if let Some((written, part)) = super::super::testing::once(theirs.write(part)) {
                        said.extend_from_slice(&part[..written.unwrap()]);
                    }
                }
                _ => {
                    let mut buffer = [0; 5];
                    let len = next(6);
                    if let Poll::Ready(read) = stream.poll_read(&mut idle(), &mut buffer[..len]) {
                        heard.extend_from_slice(&buffer[..read.unwrap()]);
                    }
                }
            }
        }
        while stream.poll_close(&mut idle()).is_pending() {
            got.extend(come(&mut theirs));
        }
        got.extend(come(&mut theirs));
        drop(theirs);
        let mut buffer = [0; 9];
        while let Poll::Ready(Ok(read @ 1..)) = stream.poll_read(&mut idle(), &mut buffer) {
            heard.extend_from_slice(&buffer[..read]);
        }
        assert_eq!((got, heard), (sent, said));
    }
}

//! The buffer over a writer that takes little, waits and fails.

use super::super::testing::{next, now, once};
use super::*;
use core::task::Poll;
use std::vec;

/// Takes what its script says, a number a write: 0 is an error, `WAIT` a wait.
struct Slow {
    takes: Vec<usize>,
    got: Vec<u8>,
    writes: usize,
}

const WAIT: usize = usize::MAX;

impl Slow {
    fn new(takes: &[usize]) -> Self {
        Slow { takes: takes.iter().rev().copied().collect(), got: Vec::new(), writes: 0 }
    }
}

impl Writes for Slow {
    async fn write<B: IoBuf>(&mut self, buffer: B) -> (io::Result<usize>, B) {
        self.writes += 1;
        let mut takes = self.takes.pop().unwrap_or(WAIT - 1);
        if takes == WAIT {
            let mut waited = false;
            core::future::poll_fn(|_| match core::mem::replace(&mut waited, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            takes = WAIT - 1;
        }
        if takes == 0 {
            return (Err(io::ErrorKind::StorageFull.into()), buffer);
        }
        let taken = takes.min(buffer.len());
        self.got.extend_from_slice(&buffer.as_bytes()[..taken]);
        (Ok(taken), buffer)
    }
    async fn end_writes(&mut self) -> io::Result<()> {
        self.got.push(b'.');
        Ok(())
    }
}

#[test]
fn small_writes_go_out_together_and_large_ones_pass() {
    let mut writer = BufWriter::with_capacity(8, Slow::new(&[]));
    for part in [&b"abc"[..], b"def"] {
        assert_eq!(now(writer.write(part.to_vec())).0.unwrap(), 3);
    }
    assert_eq!((writer.get_ref().writes, writer.buffer()), (0, &b"abcdef"[..]));
    now(writer.write_all(b"ghi".to_vec())).0.unwrap();
    assert_eq!((writer.get_ref().writes, writer.buffer()), (1, &b"ghi"[..]), "no room: what was there goes");
    now(writer.write_all(vec![b'L'; 8])).0.unwrap();
    assert_eq!((writer.get_ref().writes, writer.buffer()), (3, &b""[..]), "a large one goes after it, uncopied");
    now(writer.write_all(b"end".to_vec())).0.unwrap();
    now(writer.end_writes()).unwrap();
    assert_eq!(writer.into_inner().got, b"abcdefghiLLLLLLLLend.");
}

#[test]
fn what_an_error_left_is_sent_later() {
    let mut writer = BufWriter::with_capacity(8, Slow::new(&[3, 0, 2, 0]));
    for part in [b"abcd", b"efgh"] {
        now(writer.write_all(part.to_vec())).0.unwrap();
    }
    for left in [&b"defgh"[..], b"fgh"] {
        assert_eq!(now(writer.flush()).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(writer.buffer(), left);
    }
    now(writer.flush()).unwrap();
    assert_eq!(writer.into_inner().got, b"abcdefgh");
}

#[test]
fn a_dropped_flush_is_told_by_every_later_call() {
    let mut writer = BufWriter::with_capacity(8, Slow::new(&[3, WAIT]));
    now(writer.write_all(b"abcde".to_vec())).0.unwrap();
    assert!(once(writer.flush()).is_none());
    let cancelled = |error: io::Error| ErrorKind::from(&error) == ErrorKind::Cancelled;
    assert!(cancelled(now(writer.write(b"f".to_vec())).0.unwrap_err()));
    assert!(cancelled(now(writer.write_all(vec![1; 100])).0.unwrap_err()));
    assert!(cancelled(now(writer.flush()).unwrap_err()));
    assert!(cancelled(now(writer.end_writes()).unwrap_err()));
    assert_eq!(writer.into_inner().got, b"abc", "nothing follows the gap");
}

#[test]
fn random_writes_arrive_in_order_whatever_the_writer_takes() {
    let mut state = 7;
    for _ in 0..if cfg!(miri) { 10 } else { 2_000 } {
        let takes: Vec<usize> = (0..20).map(|_| 1 + next(&mut state, 9)).collect();
        let mut writer = BufWriter::with_capacity(1 + next(&mut state, 12), Slow::new(&takes));
        let (mut all, mut n) = (Vec::new(), 0u8);
        for _ in 0..next(&mut state, 20) {
            let part: Vec<u8> = (0..next(&mut state, 20))
                .map(|_| {
                    n = n.wrapping_add(1);
                    n
                })
                .collect();
            match next(&mut state, 4) {
                0 => now(writer.flush()).unwrap(),
                1 => {
                    let taken = now(writer.write(part.clone())).0.unwrap();
                    all.extend_from_slice(&part[..taken]);
                }
                _ => {
                    now(writer.write_all(part.clone())).0.unwrap();
                    all.extend_from_slice(&part);
                }
            }
        }
        now(writer.flush()).unwrap();
        assert_eq!(writer.into_inner().got, all);
    }
}

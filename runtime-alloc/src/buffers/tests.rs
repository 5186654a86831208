//! The pool against a plain list of what is out.

use super::*;
use bespoke_core::error::ErrorKind;
use bespoke_core::io::{IoBuf, IoBufMut};
use std::string::ToString as _;
use std::vec::Vec;

const UNIT: usize = 4096;
const KIB: usize = 1024;

/// A pool of `units` units, in classes of one to `LARGEST` of them.
fn pool<const LARGEST: usize>(units: usize) -> BufferPool {
    BufferPool::with_classes::<UNIT, LARGEST>(units * UNIT).expect("memory")
}

fn address(buffer: &PoolBuffer) -> usize {
    IoBuf::as_ptr(buffer).addr()
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) as usize % bound
    }
}

/// Is no run of `class` bytes, at a multiple of that from `base` on, free beside what is out?
fn is_exhausted(base: usize, capacity: usize, class: usize, out: &[PoolBuffer]) -> bool {
    (base..base + capacity).step_by(class).all(|at| {
        let meets = |buffer: &PoolBuffer| address(buffer) < at + class && at < address(buffer) + buffer.capacity();
        out.iter().any(meets)
    })
}

#[test]
fn buffers_are_whole_aligned_and_alone_and_refusals_are_true() {
    const LARGEST: usize = 128 * UNIT; // more than a word of the map
    let units = if cfg!(miri) { 128 } else { 384 };
    let pool = pool::<LARGEST>(units);
    let base = address(&pool.get(1).expect("it is new"));
    let mut random = Random(0x5EED);
    let (mut out, mut refused, mut large) = (Vec::<PoolBuffer>::new(), 0, 0);
    for n in 0..if cfg!(miri) { 60 } else { 5_000 } {
        if random.below(5) < 2 && !out.is_empty() {
            let buffer = out.swap_remove(random.below(out.len()));
            assert!(buffer.iter().all(|byte| *byte == buffer[0]), "somebody wrote to a buffer that is out");
            continue;
        }
        let len = UNIT << random.below(8);
        let class = len;
        match pool.get(len - random.below(len / 2)) {
            Ok(mut buffer) => {
                assert_eq!((buffer.capacity(), buffer.len(), address(&buffer) % class), (class, 0, 0));
                let meets = |other: &PoolBuffer| {
                    address(other) < address(&buffer) + class && address(&buffer) < address(other) + other.capacity()
                };
                assert!(!out.iter().any(meets), "two buffers have bytes in common");
                buffer.resize(8, n as u8);
                large += usize::from(class == LARGEST);
                out.push(buffer);
            }
            Err(NoBuffer::Exhausted { class: of, out: bytes, capacity }) => {
                assert_eq!((of, capacity), (class, units * UNIT));
                assert_eq!(bytes, out.iter().map(PoolBuffer::capacity).sum::<usize>());
                assert!(is_exhausted(base, capacity, class, &out), "there was a buffer of {class} bytes");
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
        assert_eq!(pool.out(), out.iter().map(PoolBuffer::capacity).sum::<usize>());
    }
    assert!(refused > 2 && (large > 2 || cfg!(miri)), "{refused} refused, {large} of the largest class");
    out.clear();
    assert_eq!(pool.out(), 0);
    assert!(pool.get(LARGEST).is_ok(), "what came back in pieces is whole again");
}

#[test]
fn a_pool_is_rounded_up_to_its_largest_class() {
    for (bytes, capacity) in [(0, 256), (1, 256), (256 * KIB, 256), (256 * KIB + 1, 512)] {
        assert_eq!(BufferPool::new(bytes).expect("memory").capacity(), capacity * KIB);
    }
    let refused = BufferPool::new(usize::MAX).expect_err("nobody has so much");
    assert_eq!(refused.kind(), ErrorKind::OutOfMemory);
    // The last would be a block, but for the system, and its map is larger than any memory.
    for bytes in [isize::MAX as usize, 1 << (usize::BITS - 2)] {
        let refused = BufferPool::new(bytes).expect_err("nobody has so much");
        assert_eq!(refused.kind(), ErrorKind::OutOfMemory);
    }
}

#[test]
fn what_there_never_is_is_told_apart() {
    let pool = pool::<UNIT>(2);
    let refused = pool.get(UNIT + 1).expect_err("too long");
    assert_eq!(refused, NoBuffer::TooLong { len: UNIT + 1, largest: UNIT });
    assert_eq!(refused.to_string(), "the pool has no buffers of 4097 bytes: the largest have 4096");
    #[cfg(feature = "std")]
    assert_eq!(std::io::Error::from(refused).kind(), std::io::ErrorKind::InvalidInput);
    let _all = [pool.get(0).expect("one"), pool.get(UNIT).expect("two")];
    let refused = pool.get(1).expect_err("both are out");
    assert_eq!(refused.to_string(), "the pool has no buffer of 4096 bytes: 8192 of its 8192 bytes are out");
    #[cfg(feature = "std")]
    assert_eq!(std::io::Error::from(refused).kind(), std::io::ErrorKind::OutOfMemory);
}

#[test]
fn a_buffer_is_written_as_a_vector_that_does_not_grow() {
    let pool = pool::<UNIT>(1);
    let mut buffer = pool.get(1).expect("it is new");
    assert_eq!(buffer.extend_from_slice(b"abc"), 3);
    assert_eq!(buffer.extend_from_slice(&[1; UNIT]), UNIT - 3);
    assert_eq!((buffer.len(), &buffer[..4]), (UNIT, &b"abc\x01"[..]));
    buffer.truncate(2);
    buffer.truncate(9);
    buffer.resize(4, 7);
    buffer[0] = 9;
    assert_eq!(&*buffer, [9, b'b', 7, 7]);
    assert_eq!(buffer.spare_capacity_mut().len(), UNIT - 4);
    buffer.clear();
    assert_eq!(buffer.as_bytes(), []);
    // As an operation does that fills it.
    let (to, room) = (buffer.as_mut_ptr(), IoBufMut::capacity(&buffer));
    // SAFETY: so much is writable (contract of the trait).
    unsafe { to.write_bytes(3, room) };
    // SAFETY: they were written.
    unsafe { buffer.set_len(room) };
    let moved = std::boxed::Box::new(buffer);
    assert_eq!((IoBuf::as_ptr(&*moved), moved.as_bytes()), (to.cast_const(), &[3; UNIT][..]));
}

#[test]
#[should_panic(expected = "a buffer of 4096 bytes was to be 4097 long")]
fn a_buffer_is_not_made_longer_than_it_is() {
    pool::<UNIT>(1).get(1).expect("it is new").resize(UNIT + 1, 0);
}

#[test]
fn the_memory_lives_as_long_as_the_last_buffer() {
    let pool = pool::<UNIT>(2);
    let (mut first, second) = (pool.get(1).expect("one"), pool.get(1).expect("two"));
    drop(pool);
    drop(second);
    first.resize(UNIT, 5);
    let first = std::thread::Builder::new().spawn(move || first).expect("a thread").join().expect("it ends");
    assert_eq!(&*first, [5; UNIT]);
}

#[test]
fn buffers_go_back_on_any_thread() {
    const THREADS: usize = 4;
    let rounds = if cfg!(miri) { 5 } else { 5_000 };
    let pool = pool::<{ 2 * UNIT }>(4);
    let others: Vec<_> = (0..THREADS)
        .map(|n| {
            let pool = pool.clone();
            let (send, receive) = std::sync::mpsc::channel::<PoolBuffer>();
            let takes = move || {
                for _ in 0..rounds {
                    let Ok(mut buffer) = pool.get(UNIT * (1 + n % 2)) else { continue };
                    buffer.resize(64, n as u8);
                    send.send(buffer).expect("it is read");
                }
            };
            let gives_back = move || {
                for buffer in receive {
                    assert_eq!(&*buffer, [n as u8; 64], "two have the same buffer");
                }
            };
            [
                std::thread::Builder::new().spawn(takes).expect("a thread"),
                std::thread::Builder::new().spawn(gives_back).expect("a thread"),
            ]
        })
        .collect();
    others.into_iter().flatten().for_each(|thread| thread.join().expect("it ends"));
    assert_eq!(pool.out(), 0);
    let _whole = [pool.get(2 * UNIT).expect("a half"), pool.get(2 * UNIT).expect("the other")];
}

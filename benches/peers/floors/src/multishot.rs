//! An echo server on io_uring with one receive per connection: the kernel fills buffers that all connections share.
//!
//! A completion carries a buffer's number in its flags; the send reads from the buffer, and its completion hands it back. A
//! receive that stops (no buffer was left) is made again.

use core::sync::atomic::{AtomicU16, Ordering};
use std::os::fd::RawFd;

use harness::{Refusal, Row, Runner, Sampled, Service};
use io_uring::{IoUring, cqueue, opcode, types};

use crate::uring::{accept, close, listen, push, ring, send};

/// Buffers that the kernel may fill; a power of two, and more than there are connections in a row.
const BUFFERS: u16 = 1024;
/// The group of these buffers.
const GROUP: u16 = 1;

/// What a completion is of: bits 0 and 1; bits 2 to 33 hold the descriptor, bits 34 on the buffer.
const ACCEPT: u64 = 0;
const RECEIVE: u64 = 1;
const SEND: u64 = 2;
const BUFFER_SHIFT: u32 = 34;

struct Multi(IoUring);

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Multi(ring()?)))
}

impl Runner for Multi {
    fn sample(&mut self, _: &Row, _: u64) -> Sampled {
        Err(Refusal::Absent)
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        let Service { transport, buffer, ready } = service;
        let mut buffers = Buffers::register(&self.0, buffer)?;
        let listening = listen(&transport, &*ready)?;
        accept(&mut self.0, listening.fd())?;
        let mut completed = Vec::new();
        loop {
            self.0.submit_and_wait(1)?;
            completed.extend(self.0.completion().map(|entry| (entry.user_data(), entry.result(), entry.flags())));
            for (of, result, flags) in completed.drain(..) {
                let fd = (of >> 2) as u32 as RawFd;
                match (of & 3, result) {
                    (ACCEPT, fd @ 0..) => {
                        listening.accepted(fd)?;
                        receive(&mut self.0, fd)?;
                        accept(&mut self.0, listening.fd())?;
                    }
                    (RECEIVE, 0) => close(fd),
                    (RECEIVE, count @ 1..) => {
                        let number = cqueue::buffer_select(flags);
                        let number = number.ok_or_else(|| Refusal::Failed("a receive without a buffer".into()))?;
                        let of = u64::from(number) << BUFFER_SHIFT | (fd as u64) << 2 | SEND;
                        send(&mut self.0, fd, buffers.filled(number, count as usize), of)?;
                        if !cqueue::more(flags) {
                            receive(&mut self.0, fd)?;
                        }
                    }
                    (RECEIVE, error) if -error == libc::ENOBUFS => receive(&mut self.0, fd)?,
                    (SEND, 1..) => buffers.give((of >> BUFFER_SHIFT) as u16),
                    (what, error) => return Err(Refusal::of("io_uring", format!("operation {what}: {error}"))),
                }
            }
        }
    }
}

fn receive(ring: &mut IoUring, fd: RawFd) -> Result<(), Refusal> {
    let entry = opcode::RecvMulti::new(types::Fd(fd), GROUP).build();
    push(ring, &entry.user_data((fd as u64) << 2 | RECEIVE))
}

/// Buffers and the ring through which the kernel is given them.
///
/// # Invariants
/// 1. `entries` points to `BUFFERS` entries, page-aligned, registered with the kernel, and stays mapped for the process's life.
/// 2. A buffer is the kernel's from `give` to the completion that names it, and ours from there to the next `give`.
struct Buffers {
    entries: *mut types::BufRingEntry,
    bytes: Vec<u8>,
    size: usize,
    tail: u16,
}

impl Buffers {
    fn register(ring: &IoUring, size: usize) -> Result<Self, Refusal> {
        let length = usize::from(BUFFERS) * size_of::<types::BufRingEntry>();
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_ANONYMOUS | libc::MAP_PRIVATE);
        // SAFETY: a new mapping that nothing else knows of.
        let entries = unsafe { libc::mmap(core::ptr::null_mut(), length, access, kind, -1, 0) };
        if entries == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error().into());
        }
        // SAFETY: the mapping is long enough and stays (inv. 1).
        unsafe { ring.submitter().register_buf_ring_with_flags(entries as u64, BUFFERS, GROUP, 0) }?;
        let bytes = vec![0; usize::from(BUFFERS) * size];
        let mut buffers = Self { entries: entries.cast(), bytes, size, tail: 0 };
        (0..BUFFERS).for_each(|number| buffers.give(number));
        Ok(buffers)
    }

    /// Hands a buffer to the kernel.
    fn give(&mut self, number: u16) {
        let at = usize::from(self.tail % BUFFERS);
        // SAFETY: `at` is below `BUFFERS` (inv. 1).
        let entry = unsafe { self.entries.add(at) };
        // SAFETY: the entry lies behind the tail, so the kernel does not read it yet.
        let entry = unsafe { &mut *entry };
        let buffer = &mut self.bytes[usize::from(number) * self.size..][..self.size];
        entry.set_addr(buffer.as_mut_ptr() as u64);
        entry.set_len(self.size as u32);
        entry.set_bid(number);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: the base of the ring (inv. 1), of whose first entry the tail is a part.
        let tail = unsafe { types::BufRingEntry::tail(self.entries) };
        // SAFETY: aligned for a u16, mapped for the process's life, and written by us alone.
        let tail = unsafe { AtomicU16::from_ptr(tail.cast_mut()) };
        // Release: the kernel that reads the new tail reads the entry, too.
        tail.store(self.tail, Ordering::Release);
    }

    /// What the kernel wrote.
    fn filled(&self, number: u16, count: usize) -> &[u8] {
        &self.bytes[usize::from(number) * self.size..][..count]
    }
}

//! Reads past the page cache on a ring: 32 under way, and each that has come is followed by the next. One system call submits and
//! waits for one; what has come with it is taken without another.

use std::os::fd::AsRawFd as _;

use harness::rows::{Blocks, Bytes, DEPTH, Spent};
use harness::{PAGE, Page, Refusal, Row, Runner, Sampled, Work, open_direct};
use io_uring::{IoUring, opcode, types};

use crate::uring::{push, ring};

/// A ring that knows the memory of its pages.
struct Fixed(IoUring);

pub(crate) fn start_fixed() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Fixed(ring()?)))
}

impl Runner for Fixed {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        if row.work == Work::DirectRead { reads(&mut self.0, amount, true) } else { Err(Refusal::Absent) }
    }
}

/// Takes `amount` reads.
pub(crate) fn reads(ring: &mut IoUring, amount: u64, fixed: bool) -> Sampled {
    let bytes = Bytes::new()?;
    let file = open_direct(bytes.path())?;
    // Leaked: the kernel may write to them for as long as the ring is there, whatever becomes of this sample.
    let pages: &'static mut [Page] = Box::leak((0..DEPTH).map(|_| Page::new()).collect());
    if fixed {
        let stretch = |page: &mut Page| libc::iovec { iov_base: page.bytes_mut().as_mut_ptr().cast(), iov_len: PAGE };
        let stretches: Vec<libc::iovec> = pages.iter_mut().map(stretch).collect();
        // SAFETY: the pages stay.
        unsafe { ring.submitter().register_buffers(&stretches) }?;
    }
    // Where each reads next, and where it has read.
    let mut readers: Vec<_> = (0..DEPTH).map(|number| (Blocks::new(number), 0)).collect();
    let read = |ring: &mut IoUring, page: &mut Page, number: u64, (blocks, at): &mut (Blocks, u64)| {
        *at = blocks.next_offset();
        let (fd, page) = (types::Fd(file.as_raw_fd()), page.bytes_mut().as_mut_ptr());
        let entry = if fixed {
            opcode::ReadFixed::new(fd, page, PAGE as u32, number as u16).offset(*at).build()
        } else {
            opcode::Read::new(fd, page, PAGE as u32).offset(*at).build()
        };
        push(ring, &entry.user_data(number))
    };
    let (mut begun, mut ended) = (DEPTH.min(amount), 0);
    let mut come = Vec::with_capacity(DEPTH as usize);
    let spent = Spent::new();
    for number in 0..begun {
        read(ring, &mut pages[number as usize], number, &mut readers[number as usize])?;
    }
    while ended < amount {
        ring.submit_and_wait(1)?;
        come.extend(ring.completion().map(|entry| (entry.user_data(), entry.result())));
        for (number, result) in come.drain(..) {
            if result != PAGE as i32 {
                return Err(Refusal::Failed(format!("a read of {PAGE} bytes came to {result}")));
            }
            ended += 1;
            Blocks::check(readers[number as usize].1, pages[number as usize].bytes());
            if begun < amount {
                begun += 1;
                read(ring, &mut pages[number as usize], number, &mut readers[number as usize])?;
            }
        }
    }
    let figures = spent.on(amount);
    if fixed {
        ring.submitter().unregister_buffers()?;
    }
    Ok(figures)
}

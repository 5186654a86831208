//! An echo server on io_uring, an operation at a time: a receive, a send, a receive. One system call submits and waits.
//!
//! And how fast a ring takes operations: no-operations, 64 per system call, each completion looked at; and how fast they are
//! written.

use core::ptr;
use core::time::Duration;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixListener;

use harness::clock::now;
use harness::{Refusal, Row, Runner, Sampled, Service, Transport, Work, rows};
use io_uring::{IoUring, opcode, squeue, types};

use crate::direct;

/// Entries of the submission queue.
pub(crate) const ENTRIES: u32 = 1024;
/// No-operations per system call.
const BATCH: u64 = 64;

/// What a completion is of: its low bits; the rest is the descriptor.
const ACCEPT: u64 = 0;
const RECEIVE: u64 = 1;
const SEND: u64 = 2;

struct Ring(IoUring);

/// A ring that one thread owns, and that runs its completions when asked, which is how one is fastest.
pub(crate) fn ring() -> Result<IoUring, String> {
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun().setup_cqsize(8 * ENTRIES);
    builder.build(ENTRIES).map_err(|error| format!("io_uring: {error}"))
}

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Ring(ring()?)))
}

impl Runner for Ring {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        match row.work {
            Work::Submit => (),
            Work::Prepare => return prepares(&mut self.0, amount),
            Work::DirectRead => return direct::reads(&mut self.0, amount, false),
            _ => return Err(Refusal::Absent),
        }
        let amount = amount / BATCH * BATCH;
        let mut completed = 0;
        let begin = now();
        for _ in 0..amount / BATCH {
            for number in 0..BATCH {
                push(&mut self.0, &opcode::Nop::new().build().user_data(number))?;
            }
            self.0.submit_and_wait(BATCH as usize)?;
            completed += self.0.completion().map(|entry| u64::from(entry.result() == 0)).sum::<u64>();
        }
        let elapsed = begin.elapsed();
        if completed != amount {
            return Err(Refusal::Failed(format!("{completed} of {amount} no-operations completed")));
        }
        rows::per_op(elapsed, amount).unwrap_or(Err(Refusal::Absent))
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        let Service { transport, buffer, ready } = service;
        let listening = listen(&transport, &*ready)?;
        let mut buffers: Vec<Vec<u8>> = Vec::new();
        accept(&mut self.0, listening.fd())?;
        let mut completed = Vec::new();
        loop {
            self.0.submit_and_wait(1)?;
            completed.extend(self.0.completion().map(|entry| (entry.user_data(), entry.result())));
            for (of, result) in completed.drain(..) {
                let fd = (of >> 2) as RawFd;
                match (of & 3, result) {
                    (ACCEPT, fd @ 0..) => {
                        listening.accepted(fd)?;
                        if buffers.len() <= fd as usize {
                            buffers.resize_with(fd as usize + 1, Vec::new);
                        }
                        buffers[fd as usize] = vec![0; buffer];
                        receive(&mut self.0, fd, &mut buffers[fd as usize])?;
                        accept(&mut self.0, listening.fd())?;
                    }
                    (RECEIVE, 0) => close(fd),
                    (RECEIVE, count @ 1..) => {
                        let part = &buffers[fd as usize][..count as usize];
                        send(&mut self.0, fd, part, of >> 2 << 2 | SEND)?;
                    }
                    (SEND, 1..) => receive(&mut self.0, fd, &mut buffers[fd as usize])?,
                    (what, error) => return Err(Refusal::of("io_uring", format!("operation {what}: {error}"))),
                }
            }
        }
    }
}

/// Entries that are written and not yet submitted.
fn prepares(ring: &mut IoUring, amount: u64) -> Sampled {
    let mut spent = Duration::ZERO;
    for _ in 0..amount / BATCH {
        let begin = now();
        for number in 0..BATCH {
            push(ring, &opcode::Nop::new().build().user_data(number))?;
        }
        spent += begin.elapsed();
        ring.submit_and_wait(BATCH as usize)?;
        if ring.completion().filter(|entry| entry.result() == 0).count() as u64 != BATCH {
            return Err(Refusal::Failed("not every entry was there".into()));
        }
    }
    rows::per_op(spent, amount / BATCH * BATCH).unwrap_or(Err(Refusal::Absent))
}

/// A listener, of whatever kind.
pub(crate) enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Listens and says so; there is no floor of datagrams here, because `floor-epoll` blocks for them.
pub(crate) fn listen(transport: &Transport, ready: &dyn Fn(u16)) -> Result<Listening, Refusal> {
    match transport {
        Transport::Tcp => {
            let listener = TcpListener::bind(("127.0.0.1", 0))?;
            ready(listener.local_addr()?.port());
            Ok(Listening::Tcp(listener))
        }
        Transport::Unix(path) => {
            let listener = UnixListener::bind(path)?;
            ready(0);
            Ok(Listening::Unix(listener))
        }
        Transport::Udp => Err(Refusal::Absent),
    }
}

impl Listening {
    pub(crate) fn fd(&self) -> RawFd {
        match self {
            Self::Tcp(listener) => listener.as_raw_fd(),
            Self::Unix(listener) => listener.as_raw_fd(),
        }
    }

    /// Sets what a new connection needs.
    pub(crate) fn accepted(&self, fd: RawFd) -> Result<(), Refusal> {
        if let Self::Unix(_) = self {
            return Ok(());
        }
        let (on, size) = (1_i32, size_of::<i32>() as libc::socklen_t);
        // SAFETY: an integer of the size that is passed.
        let rc = unsafe { libc::setsockopt(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, ptr::from_ref(&on).cast(), size) };
        if rc == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().into()) }
    }
}

/// Closes a connection that has ended.
pub(crate) fn close(fd: RawFd) {
    // SAFETY: the descriptor came from an accept, and nothing is under way on it: its last operation has just completed.
    unsafe { libc::close(fd) };
}

/// Puts an operation into the ring, and makes room first where there is none.
///
/// What the operation points to must stay until it has completed; the servers' buffers are dropped with the process.
pub(crate) fn push(ring: &mut IoUring, entry: &squeue::Entry) -> Result<(), Refusal> {
    // SAFETY: the callers' buffers live as long as the process or, for a no-operation, there are none.
    while unsafe { ring.submission().push(entry) }.is_err() {
        ring.submit()?;
    }
    Ok(())
}

pub(crate) fn accept(ring: &mut IoUring, listener: RawFd) -> Result<(), Refusal> {
    let entry = opcode::Accept::new(types::Fd(listener), ptr::null_mut(), ptr::null_mut());
    push(ring, &entry.flags(libc::SOCK_CLOEXEC).build().user_data(ACCEPT))
}

fn receive(ring: &mut IoUring, fd: RawFd, buffer: &mut [u8]) -> Result<(), Refusal> {
    let entry = opcode::Recv::new(types::Fd(fd), buffer.as_mut_ptr(), buffer.len() as u32).build();
    push(ring, &entry.user_data((fd as u64) << 2 | RECEIVE))
}

/// Sends all of `part`.
pub(crate) fn send(ring: &mut IoUring, fd: RawFd, part: &[u8], of: u64) -> Result<(), Refusal> {
    let entry = opcode::Send::new(types::Fd(fd), part.as_ptr(), part.len() as u32).flags(libc::MSG_WAITALL).build();
    push(ring, &entry.user_data(of))
}

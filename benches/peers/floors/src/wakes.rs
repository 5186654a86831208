//! Two threads on two cores that hand a value back and forth.
//!
//! Measured: per round trip, by a futex, by a pair of eventfds, and by spinning on a word. No runtime can do better with the same
//! way to sleep: a runtime's wake is one of these and its queue beside it.

use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};

use harness::clock::{now, ns_per_op};
use harness::{Refusal, Row, Runner, Sampled, Work, planted, sys};

const WAKE: libc::c_int = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
const WAIT: libc::c_int = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;

/// One direction.
pub(crate) trait Lane: Send + Sync + Sized + 'static {
    /// Whether who waits sleeps.
    const SLEEPS: bool;

    /// An empty lane.
    fn new() -> io::Result<Self>;
    /// Puts a value, which is above 0.
    fn put(&self, value: u32) -> io::Result<()>;
    /// Waits for the value.
    fn take(&self) -> io::Result<u32>;
}

/// A word that the kernel wakes sleepers of.
pub(crate) struct Futex(AtomicU32);
/// A counter of the kernel's.
pub(crate) struct EventFd(File);
/// A word that is looked at until it changes.
pub(crate) struct Spin(AtomicU32);

impl Lane for Futex {
    const SLEEPS: bool = true;

    fn new() -> io::Result<Self> {
        Ok(Self(AtomicU32::new(0)))
    }

    fn put(&self, value: u32) -> io::Result<()> {
        // Release pairs with the acquire of `take`.
        self.0.store(value, Ordering::Release);
        // SAFETY: the word is alive, and a wake touches nothing else.
        let woken = unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), WAKE, 1) };
        if woken < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    fn take(&self) -> io::Result<u32> {
        loop {
            let value = self.0.swap(0, Ordering::Acquire);
            if value != 0 {
                return Ok(value);
            }
            let none = ptr::null::<libc::timespec>();
            // SAFETY: the word is alive, and there is no timeout. That it is not 0 any more, or a signal, is a reason to look again.
            unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), WAIT, 0, none) };
        }
    }
}

impl Lane for EventFd {
    const SLEEPS: bool = true;

    fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointer.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just opened, and nobody else owns it.
        Ok(Self(File::from(unsafe { OwnedFd::from_raw_fd(fd) })))
    }

    fn put(&self, value: u32) -> io::Result<()> {
        (&self.0).write_all(&u64::from(value).to_ne_bytes())
    }

    fn take(&self) -> io::Result<u32> {
        let mut word = [0; 8];
        (&self.0).read_exact(&mut word)?;
        Ok(u64::from_ne_bytes(word) as u32)
    }
}

impl Lane for Spin {
    const SLEEPS: bool = false;

    fn new() -> io::Result<Self> {
        Ok(Self(AtomicU32::new(0)))
    }

    fn put(&self, value: u32) -> io::Result<()> {
        // Release pairs with the acquire of `take`.
        self.0.store(value, Ordering::Release);
        Ok(())
    }

    fn take(&self) -> io::Result<u32> {
        loop {
            let value = self.0.load(Ordering::Acquire);
            if value != 0 {
                self.0.store(0, Ordering::Relaxed);
                return Ok(value);
            }
            core::hint::spin_loop();
        }
    }
}

struct Lanes<L>(PhantomData<L>);

pub(crate) fn start<L: Lane>() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Lanes::<L>(PhantomData)))
}

impl<L: Lane> Runner for Lanes<L> {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        if row.work != (Work::PingPongCores { spin: !L::SLEEPS }) {
            return Err(Refusal::Absent);
        }
        let other = sys::other_core().ok_or(Refusal::Failed("needs two cores".into()))?;
        let ops = u32::try_from(amount).map_err(|error| Refusal::of("too many", error))?;
        let (there, back) = (&L::new()?, &L::new()?);
        std::thread::scope(|scope| {
            let pong = scope.spawn(move || {
                // A thread that may not move is slow, and not wrong; the other side would wait for ever if it ended here.
                let pinned = sys::pin(other);
                (0..=ops).try_for_each(|_| back.put(there.take()?))?;
                pinned
            });
            let ping = |value: u32| match there.put(value).and_then(|()| back.take())? {
                came if came == value => Ok(()),
                came => Err(Refusal::Failed(format!("{came} came back for {value}"))),
            };
            // The first says that the other side runs.
            ping(1)?;
            let begin = now();
            for value in 1..=ops {
                planted();
                ping(value)?;
            }
            let elapsed = begin.elapsed();
            pong.join().map_err(|_| Refusal::Failed("the other thread panicked".into()))??;
            Ok(vec![ns_per_op(elapsed, amount)])
        })
    }
}

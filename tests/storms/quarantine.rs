//! Buffers that show a write that comes too late.
//!
//! A sanitizer does not see the kernel write. So a buffer that is given up is filled, kept, and looked at later: whoever
//! wrote to it since has written to memory that was somebody else's.

use bespoke::io::{IoBuf, IoBufMut};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// What a buffer is filled with when it is given up.
const GIVEN_UP: u8 = 0xDD;
/// What it holds before that, where nothing was read.
pub(crate) const IN_USE: u8 = 0x57;
/// So many are kept; the oldest is looked at once more when it leaves.
const KEPT: usize = 16_384;

static WARD: Mutex<VecDeque<Kept>> = Mutex::new(VecDeque::new());

/// Memory without an owner.
///
/// # Invariants
/// 1. It came from `Box::<[u8]>::into_raw`, is freed once, by `Kept::drop`, and before that by nobody.
/// 2. Only the kernel may write to it, wrongly; so it is read with volatile reads, and no reference to it is ever made.
struct Kept {
    bytes: *mut u8,
    len: usize,
}

// SAFETY: nobody else has the address but, wrongly, the kernel (inv. 2).
unsafe impl Send for Kept {}

impl Kept {
    /// The first byte that was written since.
    fn written(&self) -> Option<usize> {
        (0..self.len).find(|at| {
            // SAFETY: in bounds.
            let byte = unsafe { self.bytes.add(*at) };
            // SAFETY: alive and initialised (inv. 1).
            let byte = unsafe { byte.read_volatile() };
            byte != GIVEN_UP
        })
    }

    #[track_caller]
    fn look_at(&self) {
        if let Some(at) = self.written() {
            panic!("byte {at} of {} of a buffer was written after the buffer was given up", self.len);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: inv. 1.
        drop(unsafe { Box::from_raw(core::ptr::slice_from_raw_parts_mut(self.bytes, self.len)) });
    }
}

/// A buffer to read into or to write from; given up, it goes to the ward.
///
/// # Invariants
/// 1. As invariant 1 of [`Kept`]; the value has the memory alone until it is dropped.
pub(crate) struct Buffer {
    bytes: *mut u8,
    len: usize,
}

// SAFETY: owns its memory (inv. 1).
unsafe impl Send for Buffer {}

impl Buffer {
    pub(crate) fn new(len: usize) -> Self {
        let bytes = Box::into_raw(vec![IN_USE; len].into_boxed_slice());
        Buffer { bytes: bytes.cast(), len }
    }

    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        // SAFETY: inv. 1, and the borrow is that of the value.
        unsafe { core::slice::from_raw_parts_mut(self.bytes, self.len) }
    }
}

// SAFETY: initialised, on the heap, and its own until it is dropped (inv. 1).
unsafe impl IoBuf for Buffer {
    fn as_ptr(&self) -> *const u8 {
        self.bytes
    }
    fn len(&self) -> usize {
        self.len
    }
}

// SAFETY: as above, and writable.
unsafe impl IoBufMut for Buffer {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes
    }
    fn capacity(&self) -> usize {
        self.len
    }
    unsafe fn set_len(&mut self, _: usize) {}
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.as_mut().fill(GIVEN_UP);
        let mut ward = WARD.lock().unwrap_or_else(PoisonError::into_inner);
        ward.push_back(Kept { bytes: self.bytes, len: self.len });
        if ward.len() > KEPT {
            ward.pop_front().expect("there are more than none").look_at();
        }
    }
}

/// Fails if one of the buffers in the ward was written to. How many there are.
#[track_caller]
pub(crate) fn look_at_all() -> usize {
    let ward = WARD.lock().unwrap_or_else(PoisonError::into_inner);
    ward.iter().for_each(Kept::look_at);
    ward.len()
}

/// Looks at all and lets them go.
#[track_caller]
pub(crate) fn discharge() {
    look_at_all();
    WARD.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

/// Fails if these bytes, which came from a peer, were sent from a buffer that was given up.
#[track_caller]
pub(crate) fn assert_sent_in_time(bytes: &[u8]) {
    assert!(bytes.iter().all(|byte| *byte == IN_USE), "bytes were sent from a buffer that was given up");
}

/// The negative control: a system call that really writes to a buffer which was given up while the call was under way.
pub(crate) fn late_write_of_the_kernel() {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut buffer = Buffer::new(256);
    let address = buffer.as_mut_ptr().expose_provenance();
    let (entered, enters) = std::sync::mpsc::channel();
    let late = std::thread::spawn(move || {
        entered.send(()).unwrap();
        // SAFETY: the wrong that is looked for: the memory is in the ward by the time the byte comes, not freed (`Kept`).
        let got = unsafe { libc::read(reader.as_raw_fd(), core::ptr::with_exposed_provenance_mut(address), 256) };
        assert_eq!(got, 1);
    });
    enters.recv().unwrap();
    std::thread::sleep(core::time::Duration::from_millis(20));
    // Not through `Buffer::drop`: other storms look at the same ward.
    buffer.as_mut().fill(GIVEN_UP);
    let kept = Kept { bytes: buffer.bytes, len: buffer.len };
    core::mem::forget(buffer);
    assert_eq!(kept.written(), None);
    writer.write_all(b"x").unwrap();
    late.join().unwrap();
    assert_eq!(kept.written(), Some(0));
}

//! Buffers that an operation may own while the system reads or fills them.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::ops::RangeBounds;

/// A buffer that can be written from. Only `Send` and `'static` ones: a buffer outlives a dropped future until the
/// system is done with it, and may be freed on another thread.
///
/// # Safety
/// Implementers promise that `as_ptr()..as_ptr() + len()` is initialised and stays at its address, unchanged, while the
/// value is owned by an operation: also when the value itself moves.
pub unsafe trait IoBuf: Send + 'static {
    /// Where the bytes are.
    fn as_ptr(&self) -> *const u8;

    /// How many bytes there are.
    fn len(&self) -> usize;

    /// Are there none?
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes.
    fn as_bytes(&self) -> &[u8] {
        // SAFETY: initialised and in place (contract).
        unsafe { core::slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    /// The part of the buffer in `range`; [`Slice::into_inner`] gives the whole back.
    ///
    /// # Panics
    /// If the range does not lie inside.
    fn slice(self, range: impl RangeBounds<usize>) -> Slice<Self>
    where
        Self: Sized,
    {
        Slice::new(self, range)
    }
}

/// A buffer that can be read into.
///
/// # Safety
/// Implementers promise that `as_mut_ptr()..as_mut_ptr() + capacity()` is writable and stays at its address while the
/// value is owned by an operation, and that `as_mut_ptr()` and [`IoBuf::as_ptr`] are the same place.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a buffer that an operation may fill",
    label = "not an owned buffer",
    note = "such a read takes its buffer and gives it back: pass a `Vec<u8>`, which is filled up to its capacity, a \
            `Box<[u8]>`, or a slice of one (`buffer.slice(..n)`)"
)]
pub unsafe trait IoBufMut: IoBuf {
    /// Where to write.
    fn as_mut_ptr(&mut self) -> *mut u8;

    /// How many bytes fit.
    fn capacity(&self) -> usize;

    /// Says that the first `len` bytes are initialised now.
    ///
    /// # Safety
    /// They are, and `len` is at most `capacity()`.
    unsafe fn set_len(&mut self, len: usize);
}

/// Bytes of the program itself, as a buffer: what a string literal is turned into.
///
/// Its type has no lifetime. A future that held a `&'static str` for the system would not be provably `Send` inside another
/// future: the compiler forgets there which lifetime it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Static(&'static [u8]);

// SAFETY: static bytes stay.
unsafe impl IoBuf for Static {
    fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr()
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl core::ops::Deref for Static {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl PartialEq<&str> for Static {
    fn eq(&self, text: &&str) -> bool {
        self.0 == text.as_bytes()
    }
}

/// What can be written: a buffer, or a literal, which becomes a [`Static`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a buffer that an operation may own",
    label = "neither a buffer nor a literal",
    note = "a write takes its buffer and gives it back: pass a `Vec<u8>`, a `Box<[u8]>`, a `String`, an `Arc<[u8]>`, a slice of \
            one (`buffer.slice(..n)`), or a literal; of an array, `.to_vec()`"
)]
pub trait IntoIoBuf {
    /// The buffer.
    type Buf: IoBuf;
    /// As a buffer.
    fn into_io_buf(self) -> Self::Buf;
}

#[diagnostic::do_not_recommend]
impl<B: IoBuf> IntoIoBuf for B {
    type Buf = B;
    #[inline(always)]
    fn into_io_buf(self) -> B {
        self
    }
}

macro_rules! literal {
    ($([$($generics:tt)*] $literal:ty, $bytes:expr;)+) => { $(
        impl<$($generics)*> From<&'static $literal> for Static {
            fn from(literal: &'static $literal) -> Self {
                let bytes: fn(&'static $literal) -> &'static [u8] = $bytes;
                Static(bytes(literal))
            }
        }
        impl<$($generics)*> IntoIoBuf for &'static $literal {
            type Buf = Static;
            fn into_io_buf(self) -> Static {
                self.into()
            }
        }
    )+ };
}
literal! {
    [] str, |literal| literal.as_bytes();
    [] [u8], |literal| literal;
    [const N: usize] [u8; N], |literal| literal;
}

#[cfg(feature = "alloc")]
// SAFETY: the bytes are on the heap, so they stay when the vector moves; an operation does not grow it.
unsafe impl IoBuf for Vec<u8> {
    fn as_ptr(&self) -> *const u8 {
        Vec::as_ptr(self)
    }
    fn len(&self) -> usize {
        Vec::len(self)
    }
}

#[cfg(feature = "alloc")]
// SAFETY: as above; the whole capacity is writable.
unsafe impl IoBufMut for Vec<u8> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        Vec::as_mut_ptr(self)
    }
    fn capacity(&self) -> usize {
        Vec::capacity(self)
    }
    unsafe fn set_len(&mut self, len: usize) {
        // SAFETY: as the caller.
        unsafe { Vec::set_len(self, len) }
    }
}

#[cfg(feature = "alloc")]
// SAFETY: the bytes are on the heap.
unsafe impl IoBuf for Box<[u8]> {
    fn as_ptr(&self) -> *const u8 {
        <[u8]>::as_ptr(self)
    }
    fn len(&self) -> usize {
        <[u8]>::len(self)
    }
}

#[cfg(feature = "alloc")]
// SAFETY: the bytes are on the heap, all initialised and writable.
unsafe impl IoBufMut for Box<[u8]> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        <[u8]>::as_mut_ptr(self)
    }
    fn capacity(&self) -> usize {
        <[u8]>::len(self)
    }
    unsafe fn set_len(&mut self, _len: usize) {}
}

#[cfg(feature = "alloc")]
// SAFETY: the bytes are on the heap.
unsafe impl<const N: usize> IoBuf for Box<[u8; N]> {
    fn as_ptr(&self) -> *const u8 {
        <[u8]>::as_ptr(&self[..])
    }
    fn len(&self) -> usize {
        N
    }
}

#[cfg(feature = "alloc")]
// SAFETY: the bytes are on the heap, all initialised and writable.
unsafe impl<const N: usize> IoBufMut for Box<[u8; N]> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        <[u8]>::as_mut_ptr(&mut self[..])
    }
    fn capacity(&self) -> usize {
        N
    }
    unsafe fn set_len(&mut self, _len: usize) {}
}

#[cfg(feature = "alloc")]
// SAFETY: the bytes are on the heap.
unsafe impl IoBuf for String {
    fn as_ptr(&self) -> *const u8 {
        str::as_ptr(self)
    }
    fn len(&self) -> usize {
        String::len(self)
    }
}

#[cfg(feature = "alloc")]
// SAFETY: the bytes are on the heap and shared, so nobody writes them.
unsafe impl IoBuf for Arc<[u8]> {
    fn as_ptr(&self) -> *const u8 {
        <[u8]>::as_ptr(self)
    }
    fn len(&self) -> usize {
        <[u8]>::len(self)
    }
}

/// A part of a buffer that owns the whole.
///
/// 1. `start ≤ end ≤ buf.len()`, checked when made; buffers do not shrink while an operation owns them.
#[derive(Debug, Clone)]
pub struct Slice<B> {
    buf: B,
    start: usize,
    end: usize,
}

impl<B: IoBuf> Slice<B> {
    /// The part of `buf` in `range`.
    ///
    /// # Panics
    /// If the range does not lie inside.
    pub fn new(buf: B, range: impl RangeBounds<usize>) -> Self {
        use core::ops::Bound::{Excluded, Included, Unbounded};
        let start = match range.start_bound() {
            Included(at) => *at,
            Excluded(at) => *at + 1,
            Unbounded => 0,
        };
        let end = match range.end_bound() {
            Included(at) => *at + 1,
            Excluded(at) => *at,
            Unbounded => buf.len(),
        };
        assert!(start <= end && end <= buf.len(), "{start}..{end} does not lie in a buffer of {} bytes", buf.len());
        Slice { buf, start, end }
    }

    /// The whole buffer.
    pub fn into_inner(self) -> B {
        self.buf
    }
}

// SAFETY: a part of a buffer that stays (invariant 1).
unsafe impl<B: IoBuf> IoBuf for Slice<B> {
    fn as_ptr(&self) -> *const u8 {
        // SAFETY: inside the buffer (invariant 1).
        unsafe { self.buf.as_ptr().add(self.start) }
    }
    fn len(&self) -> usize {
        self.end - self.start
    }
}

// SAFETY: an initialised part of a writable buffer that stays (invariant 1).
unsafe impl<B: IoBufMut> IoBufMut for Slice<B> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        // SAFETY: inside the buffer (invariant 1).
        unsafe { self.buf.as_mut_ptr().add(self.start) }
    }
    fn capacity(&self) -> usize {
        self.end - self.start
    }
    unsafe fn set_len(&mut self, _len: usize) {}
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn a_slice_shows_its_part_and_gives_the_whole_back() {
        let slice = std::vec![1u8, 2, 3, 4].slice(1..3);
        assert_eq!(slice.as_bytes(), [2, 3]);
        assert_eq!(slice.into_inner(), [1, 2, 3, 4]);
    }

    #[test]
    #[should_panic(expected = "3..9 does not lie in a buffer of 4 bytes")]
    fn a_slice_outside_is_refused() {
        let _ = std::vec![0u8; 4].slice(3..9);
    }
}

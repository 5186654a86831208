//! Several buffers, written or filled one after the other by one operation.

use super::buf::{IoBuf, IoBufMut};
#[cfg(feature = "alloc")]
use alloc::{boxed::Box, vec::Vec};

/// Buffers that are written together, in order: arrays, vectors and boxed slices of one kind, tuples of several kinds.
///
/// # Safety
/// Implementers promise that what `each` shows is initialised and stays at its address, unchanged, while the value is owned
/// by an operation: also when the value itself moves. Buffers that are [`IoBuf`] promise so.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of buffers that an operation may own",
    label = "not a list of owned buffers",
    note = "an array, a `Vec`, a boxed slice, or a tuple of two to four owned buffers, such as `(head, body)`"
)]
pub unsafe trait IoBufs: Send + 'static {
    /// Shows the buffers in order; may leave out the empty ones.
    fn each(&self, show: impl FnMut(&[u8]));
}

// SAFETY: each is an `IoBuf`, which stays when the array moves.
unsafe impl<B: IoBuf, const N: usize> IoBufs for [B; N] {
    fn each(&self, show: impl FnMut(&[u8])) {
        self.iter().map(IoBuf::as_bytes).for_each(show);
    }
}

#[cfg(feature = "alloc")]
// SAFETY: each is an `IoBuf`, and so are those of the other kinds of list.
unsafe impl<B: IoBuf> IoBufs for Vec<B> {
    fn each(&self, show: impl FnMut(&[u8])) {
        self.iter().map(IoBuf::as_bytes).for_each(show);
    }
}

#[cfg(feature = "alloc")]
// SAFETY: as above.
unsafe impl<B: IoBuf> IoBufs for Box<[B]> {
    fn each(&self, show: impl FnMut(&[u8])) {
        self.iter().map(IoBuf::as_bytes).for_each(show);
    }
}

macro_rules! tuples {
    ($([$($buffer:ident $at:tt),+])*) => { $(
        // SAFETY: each is an `IoBuf`, which stays when the tuple moves.
        unsafe impl<$($buffer: IoBuf),+> IoBufs for ($($buffer,)+) {
            fn each(&self, mut show: impl FnMut(&[u8])) {
                $(show(self.$at.as_bytes());)+
            }
        }
    )* };
}
tuples!([A 0, B 1] [A 0, B 1, D 2] [A 0, B 1, D 2, E 3]);

/// Buffers that are filled together, in order: arrays, vectors and boxed slices.
///
/// # Safety
/// Implementers promise that what `each_mut` shows is writable and stays at its address while the value is owned by an
/// operation: also when the value itself moves. Buffers that are [`IoBufMut`] promise so.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of buffers that an operation may fill",
    label = "not a list of owned buffers",
    note = "an array, a `Vec` or a boxed slice of buffers, such as `[Vec::with_capacity(16), Vec::with_capacity(4096)]`"
)]
pub unsafe trait IoBufsMut: Send + 'static {
    /// Shows where each buffer is to be filled, and how many bytes fit, in order.
    fn each_mut(&mut self, show: impl FnMut(*mut u8, usize));

    /// Says that the first `len` bytes of all buffers together are initialised now.
    ///
    /// # Safety
    /// They are, and `len` is at most what fits.
    unsafe fn set_len(&mut self, len: usize);
}

fn show_each<B: IoBufMut>(buffers: &mut [B], mut show: impl FnMut(*mut u8, usize)) {
    for buffer in buffers {
        show(buffer.as_mut_ptr(), buffer.capacity());
    }
}

/// # Safety
/// As [`IoBufsMut::set_len`].
unsafe fn set_each<B: IoBufMut>(buffers: &mut [B], mut len: usize) {
    for buffer in buffers {
        let here = len.min(buffer.capacity());
        // SAFETY: those before are full, so these are initialised (contract).
        unsafe { buffer.set_len(here) };
        len -= here;
    }
}

// SAFETY: each is an `IoBufMut`, which stays when the array moves.
unsafe impl<B: IoBufMut, const N: usize> IoBufsMut for [B; N] {
    fn each_mut(&mut self, show: impl FnMut(*mut u8, usize)) {
        show_each(self, show);
    }
    unsafe fn set_len(&mut self, len: usize) {
        // SAFETY: as the caller.
        unsafe { set_each(self, len) }
    }
}

#[cfg(feature = "alloc")]
// SAFETY: each is an `IoBufMut`, and so are those of the other kind of list.
unsafe impl<B: IoBufMut> IoBufsMut for Vec<B> {
    fn each_mut(&mut self, show: impl FnMut(*mut u8, usize)) {
        show_each(self, show);
    }
    unsafe fn set_len(&mut self, len: usize) {
        // SAFETY: as the caller.
        unsafe { set_each(self, len) }
    }
}

#[cfg(feature = "alloc")]
// SAFETY: as above.
unsafe impl<B: IoBufMut> IoBufsMut for Box<[B]> {
    fn each_mut(&mut self, show: impl FnMut(*mut u8, usize)) {
        show_each(self, show);
    }
    unsafe fn set_len(&mut self, len: usize) {
        // SAFETY: as the caller.
        unsafe { set_each(self, len) }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    fn joined(bufs: &impl IoBufs) -> Vec<u8> {
        let mut all = Vec::new();
        bufs.each(|bytes| all.extend_from_slice(bytes));
        all
    }

    #[test]
    fn every_kind_of_list_shows_its_buffers_in_order() {
        let s = |text: &'static str| crate::io::Static::from(text);
        assert_eq!(joined(&["ab", "", "c"].map(s)), b"abc");
        assert_eq!(joined(&std::vec![std::vec![1u8], std::vec![2, 3]]), [1, 2, 3]);
        assert_eq!(joined(&std::vec![s("ab"), s("c")].into_boxed_slice()), b"abc");
        assert_eq!(joined(&(s("head "), std::vec![b'b'])), b"head b");
        assert_eq!(joined(&(s("a"), s("b"), std::string::String::from("c"), s("d"))), b"abcd");
        assert_eq!(joined(&(s("a"), s("b"), s("c"))), b"abc");
        assert_eq!(joined(&<[crate::io::Static; 0]>::default()), b"");
    }

    #[test]
    fn a_list_is_filled_in_order() {
        fn fill(list: &mut impl IoBufsMut, bytes: &[u8]) {
            let mut left = bytes;
            list.each_mut(|to, fits| {
                let (here, rest) = left.split_at(left.len().min(fits));
                // SAFETY: `to` has place for `fits` bytes.
                unsafe { to.copy_from_nonoverlapping(here.as_ptr(), here.len()) };
                left = rest;
            });
            // SAFETY: as many were written.
            unsafe { list.set_len(bytes.len()) };
        }
        let mut array = [Vec::with_capacity(2), Vec::new(), Vec::with_capacity(2)];
        let fits: usize = array.iter().map(Vec::capacity).sum();
        fill(&mut array, &[1, 2, 3]);
        assert!(fits >= 4);
        assert_eq!(array.concat(), [1, 2, 3]);
        let mut boxed = std::vec![std::vec![9u8; 2].into_boxed_slice(); 2].into_boxed_slice();
        fill(&mut boxed, &[1, 2, 3]);
        assert_eq!(boxed.concat(), [1, 2, 3, 9]);
        let mut list = std::vec![Box::new([0u8; 2]), Box::new([0u8; 2])];
        fill(&mut list, &[]);
        assert_eq!(list, [Box::new([0; 2]), Box::new([0; 2])]);
    }
}

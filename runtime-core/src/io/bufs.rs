//! Several buffers, written one after the other by one operation.

use super::buf::IoBuf;
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
}

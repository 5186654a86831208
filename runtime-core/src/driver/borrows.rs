//! A borrow that lasts until the drop.

use core::marker::PhantomData;

/// Borrows for `'a`, to its last moment: what a future holds that borrows the resource of its operation.
///
/// A lifetime that only a `PhantomData` names, or a reference, may be over when the value is dropped: the compiler sees
/// nothing in the drop that uses it. But the drop of an [`Operation`](super::Operation) tells the driver of its resource;
/// and as long as the future is there, pinned and unfinished, its write is under way. With this beside the operation,
/// whatever would close the resource, begin another write on it, or ask what became of the last one, does not compile
/// before the future is dropped.
#[derive(Debug, Default)]
pub struct Borrows<'a>(PhantomData<&'a mut ()>);

impl Drop for Borrows<'_> {
    /// Nothing. That there is a drop makes the lifetime outlive it.
    #[inline(always)]
    fn drop(&mut self) {}
}

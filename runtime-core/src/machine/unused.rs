//! A local that nobody uses, and that lives on all the same: if it has a destructor, that runs where the scope ends.
//!
//! rustc keeps such a local in a future only if it has one. A macro does not know its type: so the value goes through
//! [`Unused::__bespoke_bind_it_again_with_a_let`], of which rustc finds the one for types that are `Copy`, which have no
//! destructor, before the one for all. What lies in the place is the value, or nothing.
//!
//! Where rustc does not know the type when it looks, and learns later that it is not `Copy`, it refuses the program, and names
//! the method, whose name is the remedy.

/// A local that nobody uses.
#[derive(Debug)]
pub struct Unused<T>(pub T);

impl<T: Copy> Unused<T> {
    /// What is kept of it until its scope ends: nothing.
    #[inline(always)]
    pub fn __bespoke_bind_it_again_with_a_let(self) {}
}

/// What [`Unused`] does with a value that may have a destructor.
pub trait KeepsUnused {
    /// The value.
    type Kept;

    /// What is kept of it until its scope ends.
    fn __bespoke_bind_it_again_with_a_let(self) -> Self::Kept;
}

impl<T> KeepsUnused for Unused<T> {
    type Kept = T;

    #[inline(always)]
    fn __bespoke_bind_it_again_with_a_let(self) -> T {
        self.0
    }
}

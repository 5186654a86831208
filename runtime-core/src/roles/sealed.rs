//! What keeps schedulers and drivers the project's own until 1.0: their traits still gain verbs, and a verb more must not be
//! a breaking change.
//!
//! A constant, not a supertrait: the compiler names it when it is missing, and says nothing of it where a type is no
//! scheduler or driver at all.

/// Proof that a scheduler or a driver is one of the project's.
#[derive(Debug, Clone, Copy)]
pub struct Sealed(());

impl Sealed {
    /// For the crates of the project.
    pub const OURS: Self = Sealed(());
}

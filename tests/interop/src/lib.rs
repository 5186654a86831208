//! The seams to other crates are tested with those crates: see `tests/`. The programs of the guide's chapter about them are tests
//! of this crate, since it has all features.

/// The chapter.
#[cfg(doctest)]
mod chapter {
    #![doc = include_str!("../../../docs/guide/13-interop.md")]
}

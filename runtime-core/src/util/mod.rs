//! Data structures that name no role: they know neither tasks nor drivers.

#[cfg(feature = "alloc")]
pub mod slab;

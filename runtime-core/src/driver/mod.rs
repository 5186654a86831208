//! Operations: plain data that a driver submits, completes and cancels.
//!
//! | file | holds |
//! |---|---|
//! | `op` | [`Op`], [`Submit`]: what an operation is, and "this driver can do it" |
//! | `operation` | [`Operation`]: the future of one |
//! | `resource` | [`OwnedResource`]: what typed handles are made of; which worker they belong to, or are brought to |
//! | `owner` | whom one belongs to |
//! | `beside` | [`Beside`]: the second resource of an operation that names two |
//! | `borrows` | [`Borrows`]: a borrow of one that lasts until the drop |
//! | `lease` | [`Lease`]: bytes in a buffer that the driver lends |
//! | `buffers` | [`Buffers`]: such buffers, for drivers that copy into memory of their own |
//! | `filled` | [`Filled`]: those that came for a stream and were not read |
//! | `registration` | [`Registration`]: memory that a driver knows for longer than one operation |
//! | `budget` | [`as_one_operation`]: the budget of a poll, for what answers before it is done |
//! | `bare` | [`Bare`]: the driver of a board without an operating system |
//! | `offload` | [`Offloaded`]: operations that block, on the blocking pool |
//! | `inflight` | operations in flight, while the tasks that wait for them move between workers |

mod bare;
#[cfg(feature = "alloc")]
mod beside;
mod borrows;
#[cfg(feature = "alloc")]
mod budget;
#[cfg(feature = "alloc")]
mod buffers;
#[cfg(feature = "alloc")]
mod filled;
#[cfg(feature = "alloc")]
pub mod inflight;
#[cfg(feature = "alloc")]
mod lease;
#[cfg(feature = "std")]
mod offload;
mod op;
#[cfg(feature = "alloc")]
mod operation;
#[cfg(feature = "alloc")]
mod owner;
#[cfg(feature = "alloc")]
mod registration;
#[cfg(feature = "alloc")]
mod resource;

pub use crate::error::Errno;
pub use crate::util::dangling::MaybeDangling;
#[cfg(all(feature = "alloc", not(feature = "std")))]
pub(crate) use bare::elsewhere;
pub use bare::{Bare, BareUnparker, LiveBare};
#[cfg(feature = "alloc")]
pub use beside::Beside;
pub use borrows::Borrows;
#[cfg(feature = "alloc")]
pub use budget::as_one_operation;
#[cfg(feature = "alloc")]
pub use buffers::{Buffer, Buffers};
#[cfg(feature = "alloc")]
pub use filled::Filled;
#[cfg(feature = "alloc")]
pub use lease::{Lease, Leased};
#[cfg(feature = "std")]
pub use offload::Offloaded;
pub use op::{Late, Nop, Op, Served, Submit, Timeout};
#[cfg(feature = "alloc")]
pub use operation::Operation;
#[cfg(feature = "alloc")]
pub use registration::Registration;
#[cfg(feature = "alloc")]
pub use resource::OwnedResource;

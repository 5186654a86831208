//! The operations: plain data, and which driver has which.
//!
//! | capability | operations |
//! |---|---|
//! | [`Net`] | [`Accept`], [`Connect`], [`Recv`], [`RecvInto`], [`RecvVectored`], [`RecvLease`], [`Transmit`], [`TransmitVectored`], [`Interrupted`]; and the calls of [`Sockets`] |
//! | [`Foreign`] | [`Ready`] |
//! | [`Fs`] | [`Open`], [`ReadAt`], [`WriteAt`], [`ReadVectoredAt`], [`WriteVectoredAt`], [`Sync`], [`SetLen`], [`Statx`], [`MakeDir`], [`Remove`], [`JoinPaths`], [`Call`]; and the calls of [`Files`] |
//!
//! Each operation says its memory class and its [`Late`](bespoke_core::driver::Late) class beside its data. A driver says
//! how it does each one in its `lower.rs` and `files.rs`; capabilities are implemented explicitly, one line per driver.

#[cfg(unix)]
mod file;
#[cfg(unix)]
mod file_paths;
#[cfg(unix)]
pub(crate) mod files;
mod lease;
pub(crate) mod lower;
mod net;
mod ready;
mod sockets;
mod vectored;

#[cfg(unix)]
pub use crate::sys::file::{Join, OpenHow};
#[cfg(unix)]
pub use crate::sys::stat::Stat;
#[cfg(unix)]
pub use file::{Blocks, Moved, ReadAt, ReadVectoredAt, SetLen, Sync, WriteAt, WriteVectoredAt};
#[cfg(unix)]
pub use file_paths::{Call, JoinPaths, MakeDir, Of, Open, Remove, Statx};
#[cfg(unix)]
pub use files::{Files, Fs};
pub(crate) use lease::LEASE_BYTES;
pub use lease::RecvLease;
pub use net::{Accept, Connect, Interrupted, Recv, RecvInto, Taken, Transmit};
pub use ready::{Direction, Ready};
pub use sockets::{Keepalive, Sockets, TcpOptions};
pub use vectored::{RecvVectored, Stretches, TransmitVectored};

use bespoke_core::driver::Submit;

/// Drivers with sockets.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` has no sockets",
    label = "`Net` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Net>`; in a config choose a driver with sockets: `Mio`, `Blocking`"
)]
pub trait Net:
    Sockets
    + Submit<Accept>
    + Submit<Connect>
    + Submit<Recv>
    + Submit<RecvInto>
    + Submit<RecvVectored>
    + Submit<RecvLease>
    + Submit<Transmit>
    + Submit<TransmitVectored>
    + Submit<Interrupted>
{
}

impl Net for crate::Mio {}
impl Net for crate::Blocking {}

/// Drivers that wait for resources which are not theirs: descriptors of another library, of the system, of a signal.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` cannot wait for the system's descriptors",
    label = "`Foreign` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Foreign>`; in a config choose a driver with descriptors: `Mio`, `Blocking`"
)]
pub trait Foreign: Submit<Ready> {}

impl Foreign for crate::Mio {}
impl Foreign for crate::Blocking {}

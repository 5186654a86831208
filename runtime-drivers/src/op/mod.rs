//! The operations: plain data, and which driver has which.
//!
//! | capability | operations |
//! |---|---|
//! | [`Net`] | [`Accept`], [`Connect`], [`Recv`], [`RecvInto`], [`RecvVectored`], [`RecvLease`], [`Transmit`], [`TransmitVectored`], [`Interrupted`]; and the calls of [`Sockets`] |
//! | [`Foreign`] | [`Ready`] |
//! | [`Fs`] | [`Open`], [`ReadAt`], [`WriteAt`], [`ReadVectoredAt`], [`WriteVectoredAt`], [`Sync`], [`SetLen`], [`Allocate`], [`Advise`], [`Statx`], [`MakeDir`], [`Remove`], [`JoinPaths`], [`Call`]; and the calls of [`Files`] |
//! | [`Process`] | [`ReadPipe`], [`WritePipe`]. Not on Windows yet |
//! | `Udp` | `RecvDatagram`, `RecvFrom`, `SendDatagram`; and the calls of `Datagrams`. Not on Windows yet |
//! | `Unix` | `AcceptUnix`, `ConnectUnix`, `SendDescriptors`, `RecvDescriptors`, and of datagrams what `Udp` has; and the calls of `UnixSockets`. Not on Windows |
//! | `Pipes` | [`ReadPipe`], [`WritePipe`]; and the calls of `PipeCalls`. Not on Windows |
//! | `ZeroCopy` | `SendFile`, `FillPipe`, `SpillPipe`; it has `Net` and `Fs`, too. Linux |
//!
//! Each operation says its memory class and its [`Late`](bespoke_core::driver::Late) class beside its data. A driver says
//! how it does each one in its `lower.rs` and `files.rs`; capabilities are implemented explicitly, one line per driver.

#[cfg(unix)]
mod at_hand;
#[cfg(unix)]
mod datagrams;
#[cfg(unix)]
mod descriptors;
#[cfg(unix)]
mod file;
#[cfg(unix)]
mod file_paths;
#[cfg(unix)]
pub(crate) mod files;
mod lease;
pub(crate) mod lower;
mod net;
mod pipes;
mod ready;
#[cfg(target_os = "linux")]
mod send_file;
mod sockets;
#[cfg(unix)]
mod space;
#[cfg(target_os = "linux")]
mod splice;
#[cfg(unix)]
mod unix;
mod vectored;

#[cfg(unix)]
pub use crate::sys::file::{Join, OpenHow};
#[cfg(unix)]
pub use crate::sys::space::{Advice, Allocation};
#[cfg(unix)]
pub use crate::sys::stat::Stat;
#[cfg(unix)]
pub use at_hand::AtHand;
#[cfg(unix)]
pub use datagrams::{Address, Datagrams, RecvDatagram, RecvFrom, SendDatagram, UdpOptions};
#[cfg(unix)]
pub use descriptors::{Received, RecvDescriptors, SendDescriptors};
#[cfg(unix)]
pub use file::{Blocks, Moved, ReadAt, ReadVectoredAt, SetLen, Sync, WriteAt, WriteVectoredAt};
#[cfg(unix)]
pub use file_paths::{Call, JoinPaths, MakeDir, Of, Open, Remove, Statx};
#[cfg(unix)]
pub use files::{Files, Fs};
pub(crate) use lease::LEASE_BYTES;
pub use lease::RecvLease;
pub use net::{Accept, Connect, Interrupted, Recv, RecvInto, Taken, Transmit};
#[cfg(unix)]
pub use pipes::PipeCalls;
pub use pipes::{ReadPipe, WritePipe};
pub use ready::{Direction, Ready};
#[cfg(target_os = "linux")]
pub use send_file::{SendFile, ZeroCopy};
pub use sockets::{Keepalive, Sockets, TcpOptions};
#[cfg(unix)]
pub use space::{Advise, Allocate};
#[cfg(target_os = "linux")]
pub use splice::{FillPipe, SpillPipe};
#[cfg(unix)]
pub use unix::{AcceptUnix, ConnectUnix, Credentials, UnixAddr, UnixSockets};
pub use vectored::{RecvVectored, Stretches, TransmitVectored};

use bespoke_core::driver::Submit;

/// Drivers with sockets.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` has no sockets",
    label = "`Net` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Net>`; in a config choose a driver with sockets: \
            `Mio`, `Blocking`, on Linux `IoUring` and `Fallback`"
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

impl<P: crate::Poller> Net for crate::Mio<P> {}
impl Net for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> Net for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: Net, B: Net, T: crate::OnFallback> Net for crate::Fallback<A, B, T> {}

/// Drivers that wait for resources which are not theirs: descriptors of another library, of the system, of a signal.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` cannot wait for the system's descriptors",
    label = "`Foreign` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Foreign>`; in a config choose a driver with descriptors: \
            `Mio`, `Blocking`, on Linux `IoUring` and `Fallback`"
)]
pub trait Foreign: Submit<Ready> {}

impl<P: crate::Poller> Foreign for crate::Mio<P> {}
impl Foreign for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> Foreign for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: Foreign + Sockets, B: Foreign + Sockets, T: crate::OnFallback> Foreign for crate::Fallback<A, B, T> {}

/// Drivers with child processes, and with pipes.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` has neither child processes nor pipes",
    label = "`Process` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Process>`; in a config choose a driver with processes: \
            `Mio`, `Blocking`, on Linux `IoUring` and `Fallback`; \
            on Windows none has them yet"
)]
pub trait Process: Foreign + Submit<ReadPipe> + Submit<WritePipe> {}

#[cfg(unix)]
impl<P: crate::Poller> Process for crate::Mio<P> {}
#[cfg(unix)]
impl Process for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> Process for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: Process + Sockets, B: Process + Sockets, T: crate::OnFallback> Process for crate::Fallback<A, B, T> {}

/// Drivers with UDP sockets.
#[cfg(unix)]
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` has no UDP sockets",
    label = "`Udp` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Udp>`; in a config choose a driver with datagrams: \
            `Mio`, `Blocking`, on Linux `IoUring` and `Fallback`"
)]
pub trait Udp: Net + Datagrams + Submit<RecvDatagram> + Submit<RecvFrom> + Submit<SendDatagram> {}

#[cfg(unix)]
impl<P: crate::Poller> Udp for crate::Mio<P> {}
#[cfg(unix)]
impl Udp for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> Udp for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: Udp, B: Udp, T: crate::OnFallback> Udp for crate::Fallback<A, B, T> {}

/// Drivers with sockets between the processes of one machine.
#[cfg(unix)]
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` has no Unix sockets",
    label = "`Unix` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Unix>`; in a config choose a driver with Unix sockets: \
            `Mio`, `Blocking`, on Linux `IoUring` and `Fallback`"
)]
pub trait Unix:
    Net
    + UnixSockets
    + Submit<AcceptUnix>
    + Submit<ConnectUnix>
    + Submit<RecvDatagram>
    + Submit<RecvFrom<UnixAddr>>
    + Submit<SendDatagram<UnixAddr>>
{
}

#[cfg(unix)]
impl<P: crate::Poller> Unix for crate::Mio<P> {}
#[cfg(unix)]
impl Unix for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> Unix for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: Unix, B: Unix, T: crate::OnFallback> Unix for crate::Fallback<A, B, T> {}

/// Drivers that pass open files from one process to another, beside the bytes of a Unix socket.
#[cfg(unix)]
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` passes no descriptors",
    label = "`Descriptors` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Descriptors>`; in a config choose one that passes them: \
            `Mio`, `Blocking`, on Linux `IoUring` and `Fallback`"
)]
pub trait Descriptors: Unix + Submit<SendDescriptors> + Submit<RecvDescriptors> {}

#[cfg(unix)]
impl<P: crate::Poller> Descriptors for crate::Mio<P> {}
#[cfg(unix)]
impl Descriptors for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> Descriptors for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: Descriptors, B: Descriptors, T: crate::OnFallback> Descriptors for crate::Fallback<A, B, T> {}

/// Drivers with pipes.
#[cfg(unix)]
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` has no pipes",
    label = "`Pipes` is not available on this driver",
    note = "in generic code write `C: Config<Driver: Pipes>`; in a config choose a driver with pipes: \
            `Mio`, `Blocking`, on Linux `IoUring` and `Fallback`"
)]
pub trait Pipes: PipeCalls + Submit<ReadPipe> + Submit<WritePipe> {}

#[cfg(unix)]
impl<P: crate::Poller> Pipes for crate::Mio<P> {}
#[cfg(unix)]
impl Pipes for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> Pipes for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: Pipes + Sockets, B: Pipes + Sockets, T: crate::OnFallback> Pipes for crate::Fallback<A, B, T> {}

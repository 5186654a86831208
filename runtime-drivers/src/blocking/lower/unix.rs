//! Unix sockets: as those of the internet, by another address.

use super::{RunBlocking, accept_by, connect, run_blocking};
use crate::blocking::Blocking;
use crate::op::lower::leaves_nothing;
use crate::op::{AcceptUnix, ConnectUnix, UnixAddr};
use crate::sys::{socket, unix_socket};
use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use core::task::Poll;

run_blocking!(AcceptUnix, ConnectUnix);

impl RunBlocking for AcceptUnix {
    fn run_blocking(&mut self) -> Result<(RawResource, UnixAddr), Errno> {
        accept_by(|| unix_socket::accept(self.listener.raw, false))
    }
}

impl RunBlocking for ConnectUnix {
    fn run_blocking(&mut self) -> Result<(), Errno> {
        connect(self.socket.raw, |raw| socket::connect_start(raw, &(&self.address).into()))
    }
}

//! Unix sockets: as those of the internet, by another address.

use super::{RunBlocking, accept_by, run_blocking};
use crate::blocking::Blocking;
use crate::op::lower::leaves_nothing;
use crate::op::{AcceptUnix, ConnectUnix, UnixAddr};
use crate::sys::poll::{Interest, poll_ready};
use crate::sys::socket::Connect as Started;
use crate::sys::{socket, unix_socket};
use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use core::task::Poll;

run_blocking!(Call: AcceptUnix, ConnectUnix);

impl RunBlocking for AcceptUnix {
    fn run_blocking(&mut self) -> Result<(RawResource, UnixAddr), Errno> {
        accept_by(|| unix_socket::accept(self.listener.raw, false))
    }
}

impl RunBlocking for ConnectUnix {
    fn run_blocking(&mut self) -> Result<(), Errno> {
        let raw = self.socket.raw;
        match socket::connect_start(raw, &(&self.address).into())? {
            Started::Connected => Ok(()),
            // A signal interrupted the call; the system goes on.
            Started::InProgress => {
                poll_ready(raw, Interest::Write, None)?;
                socket::take_error(raw)?.map_or(Ok(()), Err)
            }
        }
    }
}

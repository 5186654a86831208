//! Streams to streams: `splice(2)` between a pipe and sockets that do not wait. A pipe in which nothing is has room, and one in
//! which something is gives it, so a call that would block means the socket.

use super::{attempt, wait};
use crate::mio::Side;
use crate::op::{FillPipe, SpillPipe};
use crate::sys::splice;

wait!(FillPipe, |live, op, cx| {
    attempt(live, op.stream.key, Side::Read, cx, || splice::fill(op.stream.raw, op.pipe, op.len))
});

wait!(SpillPipe, |live, op, cx| {
    attempt(live, op.stream.key, Side::Write, cx, || splice::spill(op.pipe, op.stream.raw, op.len))
});

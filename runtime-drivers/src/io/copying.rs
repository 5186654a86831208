//! Copying until the end.

use super::{Reads, Writes};
use crate::net::TcpStream;
use crate::op::Net;
use bespoke_core::config::Config;
use bespoke_core::io::IoBuf;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::io;
use std::vec;

/// Writes all that the reader has, until its end. Yields how many bytes that was. The writer stays open.
///
/// One buffer of 8 KiB, allocated once per call; nothing else is.
///
/// # Errors
/// The first of the reader's or the writer's. What was written before is written.
///
/// # Cancel safety
/// **Not** cancel safe: what was read and not yet written is lost with the future. A shutdown that must lose nothing ends
/// the reader and waits.
pub async fn copy<R: Reads, W: Writes>(reader: &mut R, writer: &mut W) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut copied = 0;
    loop {
        let read = reader.read(&mut buffer).await?;
        if read == 0 {
            return Ok(copied);
        }
        let (written, back) = writer.write_all(buffer.slice(..read)).await;
        buffer = back.into_inner();
        written?;
        copied += read as u64;
    }
}

/// Joins two streams: copies each to the other until both have ended. The end of one direction is passed on as soon as it
/// comes, while the other goes on. Yields how many bytes went from `a` to `b`, and from `b` to `a`.
///
/// Two buffers of 8 KiB, allocated once per call.
///
/// # Errors
/// The first of any; the other direction stops there, too.
///
/// # Cancel safety
/// **Not** cancel safe, as [`copy`].
pub async fn copy_bidirectional<A: Config<Driver: Net>, B: Config<Driver: Net>>(
    a: &mut TcpStream<A>,
    b: &mut TcpStream<B>,
) -> io::Result<(u64, u64)> {
    let (mut from_a, mut to_a) = a.split();
    let (mut from_b, mut to_b) = b.split();
    let mut there = pin!(pass_on(&mut from_a, &mut to_b));
    let mut back = pin!(pass_on(&mut from_b, &mut to_a));
    let (mut went, mut came) = (None, None);
    poll_fn(|cx| {
        if went.is_none()
            && let Poll::Ready(copied) = there.as_mut().poll(cx)
        {
            went = Some(copied?);
        }
        if came.is_none()
            && let Poll::Ready(copied) = back.as_mut().poll(cx)
        {
            came = Some(copied?);
        }
        match (went, came) {
            (Some(went), Some(came)) => Poll::Ready(Ok((went, came))),
            _ => Poll::Pending,
        }
    })
    .await
}

/// One direction, its end included.
async fn pass_on<R: Reads, W: Writes>(reader: &mut R, writer: &mut W) -> io::Result<u64> {
    let copied = copy(reader, writer).await?;
    match writer.end_writes().await {
        // The other side is gone already: it needs no end.
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(copied),
        ended => ended.map(|()| copied),
    }
}

/// Two pages: a system call per 8 KiB costs about as much as the copying, and an idle connection holds no more than that.
const BUFFER: usize = 8 << 10;

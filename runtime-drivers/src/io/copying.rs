//! Copying until the end.

use super::{Duplex, Reads, Writes};
use bespoke_core::io::IoBuf;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::io;
use std::vec;

/// Writes all that the reader has, until its end, and [flushes](Writes::flush) it: at the end, and whenever the reader has to
/// wait. Yields how many bytes that was. The writer stays open.
///
/// One buffer of 8 KiB, allocated once per call; nothing else is. What a [`BufReader`](super::BufReader) holds is copied first.
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
        let read = {
            let mut reading = pin!(reader.read(&mut buffer));
            let at_once = poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
            match at_once {
                Poll::Ready(read) => read?,
                Poll::Pending => {
                    if copied > 0 {
                        // Whoever makes the reader wait may be waiting for what the writer keeps.
                        writer.flush().await?;
                    }
                    reading.await?
                }
            }
        };
        if read == 0 {
            writer.flush().await?;
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
pub async fn copy_bidirectional<A: Duplex, B: Duplex>(a: &mut A, b: &mut B) -> io::Result<(u64, u64)> {
    let (mut from_a, mut to_a) = a.halves();
    let (mut from_b, mut to_b) = b.halves();
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

//! One connection: reads requests, sends answers, and waits for neither without end.

use crate::answer::{self, Answer, Part, Status};
use crate::request::{self, HEAD_MAX, Parsed, Request};
use crate::server::{Serves, Site};
use bespoke::io::IoBuf as _;
use bespoke::prelude::*;
use bespoke::rt::{File, TcpStream};
use bespoke::select;
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// So much of a body a client has to take within the patience.
const PART: u64 = 1 << 20;
/// The memory of a copied body.
const COPIED: u64 = 64 << 10;
/// How long, and how many bytes, a connection that ends waits for its client to see that.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 256 << 10);

/// What comes next.
enum Next {
    Request(Request),
    /// No request: the client has gone, or was silent for too long, or the server ends.
    End,
    Wrong(Status),
}

/// Answers what comes, until it ends.
pub(crate) async fn serve<C: Serves>(mut stream: TcpStream<C>, site: Arc<Site>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut pending = Vec::new();
    loop {
        let answer = match next(&mut stream, &mut pending, &site).await? {
            Next::End => return Ok(()),
            Next::Wrong(status) => answer::refusal(status),
            Next::Request(mut request) => {
                // Who is answered while the server ends is told so.
                request.stays &= !site.stopping.load(Ordering::Acquire);
                let site = site.clone();
                let found = C::spawn_blocking(move || answer::answer(&site.root, &request));
                found.await.unwrap_or_else(|_| answer::refusal(Status::Internal))
            }
        };
        let stays = answer.stays;
        site.totals.requests.fetch_add(1, Ordering::Relaxed);
        send(&mut stream, answer, &site).await?;
        if !stays {
            return linger(&mut stream).await;
        }
    }
}

/// The next request: in what is there, or in what comes within the patience.
async fn next<C: Serves>(stream: &mut TcpStream<C>, pending: &mut Vec<u8>, site: &Site) -> io::Result<Next> {
    let deadline = C::now() + site.how.patience;
    let mut buffer = [0; 4096];
    loop {
        match request::parse(pending) {
            Parsed::Whole(request, len) => {
                pending.drain(..len);
                return Ok(Next::Request(request));
            }
            Parsed::Wrong(status) => return Ok(Next::Wrong(status)),
            Parsed::Part => {}
        }
        let mut stopped = pin!(site.stop.notified());
        stopped.as_mut().enable();
        if pending.is_empty() && site.stopping.load(Ordering::Acquire) {
            return Ok(Next::End);
        }
        let read = C::timeout_at(deadline, stream.read(&mut buffer));
        let read = select! {
            read = read => Some(read),
            () = stopped => None,
        };
        let Some(read) = read else { continue };
        match read {
            // Nobody waits for an answer to nothing.
            Err(_) if pending.iter().all(u8::is_ascii_whitespace) => return Ok(Next::End),
            Err(_) => return Ok(Next::Wrong(Status::RequestTimeout)),
            Ok(Ok(0)) => return Ok(Next::End),
            Ok(Ok(n)) => pending.extend_from_slice(&buffer[..n]),
            Ok(Err(error)) => return Err(error),
        }
        debug_assert!(pending.len() <= HEAD_MAX + buffer.len(), "a head that is too large is wrong");
    }
}

async fn send<C: Serves>(stream: &mut TcpStream<C>, answer: Answer, site: &Site) -> io::Result<()> {
    let Answer { head, body, .. } = answer;
    let sent = head.len() as u64;
    C::timeout(site.how.patience, stream.write_all(head)).await.map_err(too_slow)?.0?;
    site.totals.bytes.fetch_add(sent, Ordering::Relaxed);
    let Some(Part { file, at, len }) = body else { return Ok(()) };
    let file = File::<C>::from_std(file)?;
    let mut buffer = if site.how.copies { vec![0; COPIED as usize] } else { Vec::new() };
    let mut done = 0;
    while done < len {
        let moved = if site.how.copies {
            let (read, back) = file.read_at(buffer, at + done).await;
            let part = back.slice(..(read? as u64).min(len - done) as usize);
            let moved = part.len();
            let (written, part) = C::timeout(site.how.patience, stream.write_all(part)).await.map_err(too_slow)?;
            written?;
            buffer = part.into_inner();
            moved
        } else {
            let part = (len - done).min(PART) as usize;
            C::timeout(site.how.patience, stream.send_file(&file, at + done, part)).await.map_err(too_slow)??
        };
        if moved == 0 {
            // The length was told already: only the end of the connection says that less comes.
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "the file was cut while it was sent"));
        }
        done += moved as u64;
        site.totals.bytes.fetch_add(moved as u64, Ordering::Relaxed);
    }
    Ok(())
}

fn too_slow<T>(_: T) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the client takes too long")
}

/// Ends the connection so that the answer arrives: a close while there is something to read resets it, and the client may lose
/// what it has not read yet. RFC 9112 §9.6.
async fn linger<C: Serves>(stream: &mut TcpStream<C>) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let (time, mut left) = LINGER;
    let deadline = C::now() + time;
    let mut buffer = [0; 4096];
    while let Ok(Ok(n @ 1..)) = C::timeout_at(deadline, stream.read(&mut buffer)).await {
        left = left.saturating_sub(n);
        if left == 0 {
            break;
        }
    }
    Ok(())
}

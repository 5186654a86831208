//! The clients, generic over the config: closed loop, one request in flight per connection, every byte checked.

use crate::args::Load;
use crate::server::Serves;
use bespoke::prelude::*;
use bespoke::rt::TcpStream;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Before the measured part: connections are made, pools and tables grow to their size.
const WARM_UP: Duration = Duration::from_millis(300);

/// So many times longer may the measured part be.
const SLOW_MAX: u32 = 8;

/// The files, by their names; each client asks for one after the other, the small ones more often.
const FILES: [(&str, usize); 4] =
    [("small.html", 1 << 10), ("page.css", 16 << 10), ("picture.png", 256 << 10), ("film.mp4", 4 << 20)];

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// In the measured part.
    pub(crate) requests: u64,
    /// Of bodies, in the measured part.
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
    /// In the measured part, sorted.
    pub(crate) latencies: Vec<Duration>,
    /// Bytes that were compared, of the warm-up, too.
    pub(crate) checked: u64,
}

impl Outcome {
    /// The latency that `part` (0 to 1) of all stayed at or below; zero without any.
    pub(crate) fn quantile(&self, part: f64) -> Duration {
        let rank = (part * self.latencies.len() as f64).ceil() as usize;
        self.latencies.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// A folder of files to be served, which goes with the value.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> io::Result<Self> {
        let folder = Folder(std::env::temp_dir().join(format!("bespoke-serve-{}", std::process::id())));
        std::fs::create_dir(&folder.0)?;
        for (number, (name, len)) in FILES.iter().enumerate() {
            std::fs::write(folder.0.join(name), bytes(number, 0, *len))?;
        }
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `len` bytes of a file, which follow from its number and their place.
fn bytes(number: usize, at: usize, len: usize) -> Vec<u8> {
    (at..at + len).map(|place| byte(number, place)).collect()
}

fn byte(number: usize, place: usize) -> u8 {
    (place ^ (place >> 8) ^ (place >> 16) ^ number.wrapping_mul(37)) as u8
}

#[derive(Debug, Default)]
struct Phase {
    measuring: AtomicBool,
    /// Requests that were measured.
    requests: AtomicUsize,
    over: AtomicBool,
}

/// What one client has seen.
#[derive(Debug, Default)]
struct Seen {
    latencies: Vec<Duration>,
    bytes: u64,
    checked: u64,
}

pub(crate) async fn drive<C: Serves>(address: SocketAddr, load: &Load) -> io::Result<Outcome> {
    let phase = Arc::new(Phase::default());
    let clients: Vec<_> = (0..load.connections).map(|id| C::spawn(client::<C>(id, address, phase.clone()))).collect();
    C::sleep(WARM_UP).await;
    let start = C::now();
    phase.measuring.store(true, Ordering::Relaxed);
    C::sleep(load.time).await;
    // On a machine that is busy with other things: until each client was served once, or nearly for ever.
    while phase.requests.load(Ordering::Relaxed) < load.connections && C::now() - start < load.time * SLOW_MAX {
        C::sleep(Duration::from_millis(10)).await;
    }
    phase.measuring.store(false, Ordering::Relaxed);
    let time = C::now() - start;
    phase.over.store(true, Ordering::Relaxed);

    let mut all = Seen::default();
    for client in clients {
        let seen = client.await??;
        all.latencies.extend(seen.latencies);
        all.bytes += seen.bytes;
        all.checked += seen.checked;
    }
    all.latencies.sort_unstable();
    let requests = all.latencies.len() as u64;
    Ok(Outcome { requests, bytes: all.bytes, time, latencies: all.latencies, checked: all.checked })
}

/// One connection: whole files, and now and then a range of one.
async fn client<C: Serves>(id: usize, address: SocketAddr, phase: Arc<Phase>) -> io::Result<Seen> {
    let mut stream = TcpStream::<C>::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut reader = Reader { buffer: vec![0; 64 << 10], from: 0, to: 0 };
    let mut seen = Seen::default();
    let mut round = id;
    while !phase.over.load(Ordering::Relaxed) {
        // Of sixteen requests one is for the largest file, and three for the next one.
        let number = match round % 16 {
            0 => 3,
            1..=3 => 2,
            4..=8 => 1,
            _ => 0,
        };
        let (name, len) = FILES[number];
        let (at, part) = if round % 8 == 7 { (len / 3, len / 4) } else { (0, len) };
        let request = if part < len {
            format!("GET /{name} HTTP/1.1\r\nHost: {address}\r\nRange: bytes={at}-{}\r\n\r\n", at + part - 1)
        } else {
            format!("GET /{name} HTTP/1.1\r\nHost: {address}\r\n\r\n")
        };
        let status = if part < len { 206 } else { 200 };
        let (sent, measured) = (C::now(), phase.measuring.load(Ordering::Relaxed));
        stream.write_all(request.into_bytes()).await.0?;
        reader.answer(&mut stream, status, number, at, part).await?;
        if measured && phase.measuring.load(Ordering::Relaxed) {
            seen.latencies.push(C::now() - sent);
            phase.requests.fetch_add(1, Ordering::Relaxed);
            seen.bytes += part as u64;
        }
        seen.checked += part as u64;
        round += 1;
    }
    Ok(seen)
}

/// What has come, and how far it was looked at.
struct Reader {
    buffer: Vec<u8>,
    from: usize,
    to: usize,
}

impl Reader {
    /// Reads one answer, which has to be this one.
    async fn answer<C: Serves>(
        &mut self,
        stream: &mut TcpStream<C>,
        status: u16,
        number: usize,
        at: usize,
        len: usize,
    ) -> io::Result<()> {
        let wrong = |what: String| io::Error::other(format!("{}: {what}", FILES[number].0));
        loop {
            let mut fields = [httparse::EMPTY_HEADER; 16];
            let mut head = httparse::Response::new(&mut fields);
            let parsed = head.parse(&self.buffer[self.from..self.to]).map_err(|error| wrong(format!("{error}")))?;
            let httparse::Status::Complete(read) = parsed else {
                self.more(stream).await?;
                continue;
            };
            let told = head.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
            let told = told.and_then(|field| str::from_utf8(field.value).ok()?.parse::<usize>().ok());
            if head.code != Some(status) || told != Some(len) {
                return Err(wrong(format!("status {:?} and {told:?} bytes, not {status} and {len}", head.code)));
            }
            self.from += read;
            break;
        }
        let mut done = 0;
        while done < len {
            if self.from == self.to {
                self.more(stream).await?;
            }
            let part = (self.to - self.from).min(len - done);
            for (place, got) in self.buffer[self.from..self.from + part].iter().enumerate() {
                let place = at + done + place;
                if *got != byte(number, place) {
                    return Err(wrong(format!("byte {place} is wrong")));
                }
            }
            self.from += part;
            done += part;
        }
        Ok(())
    }

    async fn more<C: Serves>(&mut self, stream: &mut TcpStream<C>) -> io::Result<()> {
        self.buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        match stream.read(&mut self.buffer[self.to..]).await? {
            0 => Err(io::Error::new(ErrorKind::UnexpectedEof, "the server ended a connection")),
            n => {
                self.to += n;
                Ok(())
            }
        }
    }
}

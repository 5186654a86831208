//! What does the seam to tokio's traits cost? bespoke's streams, read and written as a program of tokio's does it.
//!
//! The same server as that of `peer-tokio`, line by line, over `PollStream` in place of tokio's sockets: each byte is copied once
//! more in each direction, and each poll goes through a table. Only the echo rows are asked: everything else is bespoke's own.
//! Gate: at most 1.1 times tokio's CPU per request.

use std::io;
use std::process::ExitCode;

use bespoke::io::PollStream;
use bespoke::{Config, Runtime};
use harness::{Refusal, Row, Runner, Sampled, Service, Transport, Variant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The default preset, under a name of our own.
#[derive(Debug)]
struct Seam;

#[bespoke::config(base = bespoke::preset::Default, module = seam)]
impl Config for Seam {}

fn main() -> ExitCode {
    harness::agent::main(&[Variant {
        name: "bespoke-tokio-io",
        package: "bespoke",
        notes: &[("idle-rss", "two buffers of 8 KiB of the adapter's are in the figure")],
        start,
    }])
}

struct Started(Runtime<Seam>);

fn start() -> Result<Box<dyn Runner>, String> {
    match Runtime::new() {
        Ok(runtime) => Ok(Box::new(Started(runtime))),
        Err(error) => Err(format!("bespoke does not start: {error}")),
    }
}

impl Runner for Started {
    fn sample(&mut self, _: &Row, _: u64) -> Sampled {
        Err(Refusal::Absent)
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        // A task, not the future of `block_on`: as everybody's.
        let served = self.0.spawn(serve(service));
        self.0.block_on(async { served.await.expect("no task of this bench panics or is aborted") })
    }
}

async fn serve(service: Service) -> Result<(), Refusal> {
    let Service { transport, buffer, ready } = service;
    match transport {
        Transport::Tcp => {
            let listener = seam::net::TcpListener::bind("127.0.0.1:0").await?;
            ready(listener.local_addr()?.port());
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                seam::spawn(echo(PollStream::from(stream), buffer));
            }
        }
        Transport::Unix(path) => {
            let listener = seam::net::UnixListener::bind(path)?;
            ready(0);
            loop {
                let (stream, _) = listener.accept().await?;
                seam::spawn(echo(PollStream::from(stream), buffer));
            }
        }
        // The seam is one of streams.
        Transport::Udp => Err(Refusal::Absent),
    }
}

async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin, buffer: usize) -> io::Result<()> {
    let mut buffer = vec![0; buffer];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}

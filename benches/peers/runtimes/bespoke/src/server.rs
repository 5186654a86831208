//! `bespoke-server`: the preset `Server` with one worker, as a server of TCP, beside `tokio-multi`: what it costs that any worker may
//! use a socket, where there is one.

use std::io;

use bespoke::io::IoBuf;
use bespoke::scheduler::WorkStealing;
use bespoke::{Config, Runtime, preset};
use harness::{Refusal, Row, Runner, Sampled, Service, Transport, planted_call};

/// One thief.
#[derive(Debug)]
struct Alone;

#[bespoke::config(base = preset::Server, module = alone)]
impl Config for Alone {
    type Scheduler = WorkStealing<1>;
    const WORKERS_EXACT: bool = true;
}

/// A started runtime.
struct Started(Runtime<Alone>);

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    let runtime = Runtime::new().map_err(|error| format!("bespoke does not start: {error}"))?;
    Ok(Box::new(Started(runtime)))
}

impl Runner for Started {
    fn sample(&mut self, _: &Row, _: u64) -> Sampled {
        Err(Refusal::Absent)
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        let Service { transport: Transport::Tcp, buffer, ready } = service else { return Err(Refusal::Absent) };
        let listener = self.0.block_on(alone::net::TcpListener::bind("127.0.0.1:0"))?;
        ready(listener.local_addr()?.port());
        let accepts = self.0.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await?;
                drop(alone::spawn(tcp(stream, buffer)));
            }
        });
        let ended: io::Result<()> = self.0.block_on(accepts).expect("no task of this bench panics or is aborted");
        Ok(ended?)
    }
}

async fn tcp(mut stream: alone::net::TcpStream, buffer: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; buffer];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        planted_call();
        let (written, part) = stream.write_all(buffer.slice(..count)).await;
        written?;
        buffer = part.into_inner();
    }
}

//! `bespoke-uring-lease`: the config of `bespoke-uring`, as a server of TCP that reads in the driver's own buffers and writes those
//! back, as the raw loop does: what a copy of each message, and a buffer a connection, cost.

use std::io;

use bespoke::Runtime;
use harness::{Refusal, Row, Runner, Sampled, Service, Transport, planted_call};

use super::{OnRing, on_ring};

/// Remarks for the table.
pub(crate) const NOTES: &[(&str, &str)] =
    &[("idle-rss", "its connections have no buffers of their own, whose 1,024 bytes are taken off all the same")];

/// A started runtime.
struct Started(Runtime<OnRing>);

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    let runtime = Runtime::new().map_err(|error| format!("bespoke does not start: {error}"))?;
    Ok(Box::new(Started(runtime)))
}

impl Runner for Started {
    fn sample(&mut self, _: &Row, _: u64) -> Sampled {
        Err(Refusal::Absent)
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        let Service { transport: Transport::Tcp, ready, .. } = service else { return Err(Refusal::Absent) };
        let accepts = self.0.spawn(async move {
            let listener = on_ring::net::TcpListener::bind("127.0.0.1:0").await?;
            ready(listener.local_addr()?.port());
            loop {
                let (stream, _) = listener.accept().await?;
                drop(on_ring::spawn(tcp(stream)));
            }
        });
        let ended: io::Result<()> =
            self.0.block_on(async { accepts.await.expect("no task of this bench panics or is aborted") });
        Ok(ended?)
    }
}

async fn tcp(mut stream: on_ring::net::TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let lease = stream.read_lease().await?;
        if lease.is_empty() {
            return Ok(());
        }
        planted_call();
        stream.write_all(lease).await.0?;
    }
}

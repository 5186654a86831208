//! `bespoke-lease`, `bespoke-uring-lease`: the configs of `bespoke` and `bespoke-uring`, as servers of TCP that read in the
//! driver's own buffers and write those back, as the raw loop does: what a copy of each message, and a buffer a connection, cost.

use std::io;

use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::{LocalConfig, Runtime};
use harness::{Refusal, Row, Runner, Sampled, Service, Transport, planted_call};

/// Remarks for the table.
pub(crate) const NOTES: &[(&str, &str)] =
    &[("idle-rss", "its connections have no buffers of their own, whose 1,024 bytes are taken off all the same")];

/// A started runtime.
struct Started<C: LocalConfig>(Runtime<C>);

pub(crate) fn start<C: LocalConfig<Driver: Net>>() -> Result<Box<dyn Runner>, String> {
    let runtime = Runtime::<C>::new().map_err(|error| format!("bespoke does not start: {error}"))?;
    Ok(Box::new(Started(runtime)))
}

impl<C: LocalConfig<Driver: Net>> Runner for Started<C> {
    fn sample(&mut self, _: &Row, _: u64) -> Sampled {
        Err(Refusal::Absent)
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        let Service { transport: Transport::Tcp, ready, .. } = service else { return Err(Refusal::Absent) };
        let accepts = async move {
            let listener = TcpListener::<C>::bind("127.0.0.1:0").await?;
            ready(listener.local_addr()?.port());
            loop {
                let (stream, _) = listener.accept().await?;
                drop(C::spawn(tcp(stream)));
            }
        };
        let ended: io::Result<()> =
            self.0.block_on(async { C::spawn(accepts).await.expect("no task of this bench panics or is aborted") });
        Ok(ended?)
    }
}

#[bespoke::async_fn]
async fn tcp<C: LocalConfig<Driver: Net>>(mut stream: TcpStream<C>) -> io::Result<()> {
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

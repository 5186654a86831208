//! `bespoke-server`, `bespoke-server-uring`: the preset `Server` with one worker, as a server of TCP, beside `tokio-multi`: what it costs
//! that any worker may use a socket, where there is one. On epoll, and on a ring: the preset has the one or the other, as the machine
//! allows, so both are named here.

use std::io;

use bespoke::driver::{IoUring, Mio};
use bespoke::io::IoBuf;
use bespoke::scheduler::WorkStealing;
use bespoke::{Config, Runtime, preset};
use harness::{Refusal, Row, Runner, Sampled, Service, Transport, planted_call};

macro_rules! served {
    ($(#[$doc:meta])* $config:ident, $names:ident, $peer:ident, $driver:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        struct $config;

        #[bespoke::config(base = preset::Server, module = $names)]
        impl Config for $config {
            type Scheduler = WorkStealing<1>;
            type Driver = $driver;
            const WORKERS_EXACT: bool = true;
        }

        pub(crate) mod $peer {
            use super::*;

            /// A started runtime.
            struct Started(Runtime<$config>);

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
                    let listener = self.0.block_on($names::net::TcpListener::bind("127.0.0.1:0"))?;
                    ready(listener.local_addr()?.port());
                    let accepts = self.0.spawn(async move {
                        loop {
                            let (stream, _) = listener.accept().await?;
                            drop($names::spawn(tcp(stream, buffer)));
                        }
                    });
                    let ended: io::Result<()> =
                        self.0.block_on(accepts).expect("no task of this bench panics or is aborted");
                    Ok(ended?)
                }
            }

            async fn tcp(mut stream: $names::net::TcpStream, buffer: usize) -> io::Result<()> {
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
        }
    };
}

served! {
    /// One thief.
    Alone, alone, on_epoll, Mio
}
served! {
    /// One thief with a ring.
    AloneOnRing, alone_on_ring, on_ring, IoUring
}

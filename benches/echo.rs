//! How long does a request take over the loopback, and what do the calls of a stream cost? `cargo bench --bench echo`
//!
//! Measured: a request of 64 and of 4096 bytes and its answer, both ends on one runtime, with reads into a borrowed slice and into an
//! owned buffer. Every byte is checked. Not measured: requests per second of many connections, the server's share of the CPU, other
//! runtimes (`benches/peers`), networks. Sketch: four system calls of 1 to 2 microseconds, and two polls of the driver.
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]
#![cfg_attr(not(unix), allow(unused, reason = "there is no driver to measure"))]

#[cfg(not(unix))]
fn main() {
    eprintln!("echo: the default driver needs a Unix system");
    std::process::exit(1);
}

#[cfg(unix)]
fn main() {
    measured::main();
}

#[cfg(unix)]
mod measured {
    use bespoke::net::{TcpListener, TcpStream};
    use bespoke::{Runtime, preset};
    use criterion::{Criterion, Throughput};
    use std::io;
    use std::time::{Duration, Instant};

    /// Echoes what comes, read into a buffer that is lent, or one that goes along.
    async fn serve(mut stream: TcpStream, owned: bool) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; 8192];
        loop {
            let n = if owned {
                let (read, back) = stream.read_into(buffer).await;
                buffer = back;
                read?
            } else {
                buffer.resize(8192, 0);
                let n = stream.read(&mut buffer).await?;
                buffer.truncate(n);
                n
            };
            if n == 0 {
                return Ok(());
            }
            let (written, back) = stream.write_all(buffer).await;
            written?;
            buffer = back;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
    async fn requests(ops: u64, bytes: usize, owned: bool) -> io::Result<Duration> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut client = TcpStream::connect(listener.local_addr()?).await?;
        client.set_nodelay(true)?;
        let (stream, _) = listener.accept().await?;
        let server = bespoke::spawn(serve(stream, owned));
        let (mut request, mut answer) = (vec![7; bytes], vec![0; bytes]);
        let begin = Instant::now();
        for n in 0..ops {
            request[bytes / 2] = n as u8;
            let (written, back) = client.write_all(request).await;
            written?;
            request = back;
            client.read_exact(&mut answer).await?;
            assert_eq!(answer, request, "the echo changed the bytes");
        }
        let took = begin.elapsed();
        drop(client);
        server.await.expect("the server does not panic")?;
        Ok(took)
    }

    pub(super) fn main() {
        let mut criterion = Criterion::default().configure_from_args();
        let runtime = Runtime::<preset::Default>::new().expect("the runtime starts: this machine has descriptors left");
        for bytes in [64, 4096] {
            let mut group = criterion.benchmark_group(format!("echo of {bytes} bytes"));
            group.throughput(Throughput::Bytes(2 * bytes as u64));
            for (name, owned) in [("lent buffer", false), ("owned buffer", true)] {
                group.bench_function(name, |bencher| {
                    bencher
                        .iter_custom(|ops| runtime.block_on(requests(ops, bytes, owned)).expect("the loopback works"));
                });
            }
            group.finish();
        }
        criterion.final_summary();
    }
}

//! How long does a request take over the loopback, and what do the calls of a stream cost? `cargo bench --bench echo`
//!
//! Measured: a request of 64 and of 4096 bytes and its answer, both ends on one runtime, with reads into a borrowed slice and into an
//! owned buffer; and, printed first, how long each of ten thousand requests took: the median and the slow ones. Every byte is
//! checked. Not measured: requests per second of many connections, the server's share of the CPU, other runtimes (`benches/peers`),
//! networks. Sketch: four system calls of 1 to 2 microseconds, and two polls of the driver; of a thousand requests one is
//! interrupted by the system for as long again, or ten times.
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

    /// Makes `ops` requests, and notes how long each took, if that is asked for.
    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
    async fn requests(
        ops: u64,
        bytes: usize,
        owned: bool,
        mut noted: Option<&mut Vec<Duration>>,
    ) -> io::Result<Duration> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut client = TcpStream::connect(listener.local_addr()?).await?;
        client.set_nodelay(true)?;
        let (stream, _) = listener.accept().await?;
        let server = bespoke::spawn(serve(stream, owned));
        let (mut request, mut answer) = (vec![7; bytes], vec![0; bytes]);
        let begin = Instant::now();
        let mut last = begin;
        for n in 0..ops {
            request[bytes / 2] = n as u8;
            let (written, back) = client.write_all(request).await;
            written?;
            request = back;
            client.read_exact(&mut answer).await?;
            assert_eq!(answer, request, "the echo changed the bytes");
            if let Some(noted) = &mut noted {
                let now = Instant::now();
                noted.push(now - last);
                last = now;
            }
        }
        let took = begin.elapsed();
        drop(client);
        server.await.expect("the server does not panic")?;
        Ok(took)
    }

    /// Requests whose time is noted one by one.
    const NOTED: u64 = 10_000;

    /// Prints how long single requests take.
    fn latencies(runtime: &Runtime<preset::Default>) {
        println!("| request of 64 bytes | p50, us | p90 | p99 | p99.9 | longest |\n|---|---:|---:|---:|---:|---:|");
        for (name, owned) in [("lent buffer", false), ("owned buffer", true)] {
            let mut all = Vec::with_capacity(NOTED as usize);
            let took = runtime.block_on(requests(NOTED, 64, owned, Some(&mut all))).expect("the loopback works");
            all.sort_unstable();
            assert_eq!(all.len() as u64, NOTED, "requests were lost");
            assert!(
                all.iter().sum::<Duration>() <= took && !all[0].is_zero(),
                "a request took no time, or the sum too much"
            );
            let [p50, p90, p99, p999, longest] =
                [0.5, 0.9, 0.99, 0.999, 1.0].map(|part| all[(part * (NOTED - 1) as f64) as usize].as_secs_f64() * 1e6);
            println!("| {name} | {p50:.1} | {p90:.1} | {p99:.1} | {p999:.1} | {longest:.1} |");
        }
        println!();
    }

    pub(super) fn main() {
        let mut criterion = Criterion::default().configure_from_args();
        let runtime = Runtime::<preset::Default>::new().expect("the runtime starts: this machine has descriptors left");
        latencies(&runtime);
        for bytes in [64, 4096] {
            let mut group = criterion.benchmark_group(format!("echo of {bytes} bytes"));
            group.throughput(Throughput::Bytes(2 * bytes as u64));
            for (name, owned) in [("lent buffer", false), ("owned buffer", true)] {
                group.bench_function(name, |bencher| {
                    bencher.iter_custom(|ops| {
                        runtime.block_on(requests(ops, bytes, owned, None)).expect("the loopback works")
                    });
                });
            }
            group.finish();
        }
        criterion.final_summary();
    }
}

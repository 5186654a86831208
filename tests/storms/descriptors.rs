//! The process, or the machine, runs out of descriptors while fifty clients wait: a server that goes on accepting takes
//! little processor time, and serves all of them as soon as it can. RELIABILITY A15.
//!
//! The part in which the process runs out is this test again, in a process of its own.

use crate::gate::behind_a_gate;
use crate::support::{deep, name, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::TcpListener;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use core::time::Duration;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream as StdStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

const CHILD: &str = "BESPOKE_STORM_CHILD";
const CLIENTS: usize = 50;
/// How many descriptors the child may have.
const LIMIT: libc::rlim_t = 128;

pub(crate) fn fifty_clients_and_no_descriptor<C: Config<Driver: Net>>() {
    if std::env::var_os(CHILD).is_some() {
        return run_out::<C>();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name(), "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let address: SocketAddr = lines
        .by_ref()
        .find_map(|line| line.split_once("listens on ").map(|(_, at)| at.parse().unwrap()))
        .expect("the child listens");
    // All wait in the listener's queue from the start.
    let clients: Vec<_> = (0..CLIENTS).map(|_| StdStream::connect(address).unwrap()).collect();
    for mut client in clients {
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        client.read_exact(&mut [0]).expect("the child serves every client");
    }
    lines.for_each(|line| println!("child: {line}"));
    assert!(child.wait().unwrap().success(), "the child failed; it says why above");
}

/// The processor time of this process so far.
fn processor_time() -> Duration {
    let mut used = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `used` is live and writable.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut used) }, 0);
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

fn run_out<C: Config<Driver: Net>>() {
    let limit = libc::rlimit { rlim_cur: LIMIT, rlim_max: LIMIT };
    // SAFETY: `limit` is live during the call.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    runtime::<C>().block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
        println!("listens on {}", listener.local_addr().unwrap());
        // All clients are in the queue before the descriptors go. The thread is this task's: nothing else is to run.
        std::thread::sleep(Duration::from_millis(300));
        let mut files = Vec::new();
        let last = loop {
            match File::open("/dev/null") {
                Ok(file) => files.push(file),
                Err(error) => break error,
            }
        };
        assert_eq!(last.raw_os_error(), Some(libc::EMFILE), "{last}");
        refused_then_served::<C>(listener, libc::EMFILE, || drop(files)).await;
    });
}

/// The machine is out of files, and not the process: root, as the tests may be, is exempt from that limit, so the system is
/// made to say it.
pub(crate) fn fifty_clients_and_no_file_left<C: Config<Driver: Net>>() {
    behind_a_gate(libc::SYS_accept4, libc::ENFILE, |gate| {
        runtime::<C>().block_on(async {
            let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let clients: Vec<_> = (0..CLIENTS).map(|_| StdStream::connect(address).unwrap()).collect();
            refused_then_served::<C>(listener, libc::ENFILE, || gate.open()).await;
            for mut client in clients {
                client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                client.read_exact(&mut [0]).expect("every client is served");
            }
        });
        println!("{} calls of accept4 were refused", gate.refused());
        assert!(gate.refused() > 0, "the system never said so");
    });
}

/// A server whose accepts fail with `errno`, until `free`.
async fn refused_then_served<C: Config<Driver: Net>>(listener: TcpListener<C>, errno: i32, free: impl FnOnce()) {
    let seconds = if deep() { 10 } else { 1 };
    let (failed, served) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicUsize::new(0)));
    let server = C::spawn({
        let (failed, served) = (failed.clone(), served.clone());
        async move {
            while served.load(Ordering::Acquire) < CLIENTS {
                match listener.accept().await {
                    Ok((mut stream, _)) => {
                        stream.write_all("1").await.0.unwrap();
                        served.fetch_add(1, Ordering::AcqRel);
                    }
                    Err(error) => {
                        assert_eq!(error.raw_os_error(), Some(errno), "{error}");
                        failed.fetch_add(1, Ordering::AcqRel);
                    }
                }
            }
        }
    });
    // What a start costs is not asked about.
    C::sleep(Duration::from_millis(100)).await;
    let (start, before, attempts) = (Instant::now(), processor_time(), failed.load(Ordering::Acquire));
    C::sleep(Duration::from_secs(seconds)).await;
    let took = start.elapsed().as_secs_f64();
    let attempts = f64::from(failed.load(Ordering::Acquire) - attempts) / took;
    let share = (processor_time() - before).as_secs_f64() / took;
    let freed = Instant::now();
    free();
    C::timeout(Duration::from_secs(20), server).await.expect("everybody is served").unwrap();
    let late = freed.elapsed();
    println!(
        "{attempts:.1} attempts a second, {:.2} % of a processor; {CLIENTS} clients served after {late:?}",
        share * 100.0
    );
    let (least, latest) = if deep() { (10.0, 1) } else { (1.0, 20) };
    assert!((least..=100.5).contains(&attempts), "{attempts} attempts a second");
    assert!(late < Duration::from_secs(latest), "served after {late:?}");
    assert!(share < if deep() { 0.02 } else { 0.2 }, "{share} of a processor");
}

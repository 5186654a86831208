//! The process runs out of descriptors while clients wait: accept fails, does not spin, and serves as soon as it can.
//! RELIABILITY A15.
//!
//! The part that runs out is this test again, in a process of its own under `ulimit -n`.

use crate::support::{name, poll_once, runtime};
use bespoke::driver::Driver;
use bespoke::prelude::*;
use bespoke::rt::TcpListener;
use bespoke::{Config, ErrorKind};
use core::net::SocketAddr;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream as StdStream;
use std::os::unix::fs::FileExt as _;
use std::process::{Command, Stdio};
use std::time::Instant;

const CHILD: &str = "BESPOKE_CONFORMANCE_CHILD";
const EMFILE: i32 = 24;

pub(crate) fn accept_backs_off<C: Config<Driver: Net>>() {
    if std::env::var_os(CHILD).is_some() {
        let runtime = runtime::<C>();
        // A thread of the kernel's that takes entries looks for more for a while after each: that was asked for.
        let stat = if runtime.driver_report().by.contains("a thread of the kernel's") { "thread-self" } else { "self" };
        return runtime.block_on(run_out::<C>(stat));
    }
    let program = std::env::current_exe().expect("a test knows its program");
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--exact", name(), "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell is there");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    let address: SocketAddr = lines
        .by_ref()
        .find_map(|line| line.split_once("listens on ").map(|(_, at)| at.parse().expect("an address")))
        .expect("the child listens");
    for client in 0..2 {
        // The first one waits in the listener's queue from the start. The second comes when the descriptors are gone again:
        // a driver may accept ahead of who asks, as long as there are some.
        if client == 1 {
            lines.by_ref().find(|line| line.contains(GONE_AGAIN)).expect("the child serves the first client");
        }
        let mut client = StdStream::connect(address).expect("the child listens");
        client.set_read_timeout(Some(Duration::from_secs(60))).expect("connected");
        let mut got = [0];
        client.read_exact(&mut got).expect("the child serves every client");
    }
    lines.for_each(|line| println!("child: {line}"));
    assert!(child.wait().expect("it ends").success(), "the child failed; it says why above");
}

/// What the child says when the second client may come.
const GONE_AGAIN: &str = "the descriptors are gone again";

/// Opens files until no descriptor is left.
fn all_descriptors() -> Vec<File> {
    let mut files = Vec::new();
    loop {
        match File::open("/dev/null") {
            Ok(file) => files.push(file),
            Err(error) if error.raw_os_error() == Some(EMFILE) => return files,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The processor time of this process so far, as a share of a second; from a file that was opened while one could.
fn processor_seconds(stat: &File) -> f64 {
    let mut text = [0; 1024];
    let len = stat.read_at(&mut text, 0).expect("proc(5)");
    let text = String::from_utf8_lossy(&text[..len]);
    // After the name, which is in parentheses: user and system time are the 12th and 13th, in ticks of 10 ms.
    let fields: Vec<&str> = text.rsplit_once(')').expect("proc(5)").1.split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().expect("proc(5)")).sum::<f64>() / 100.0
}

async fn run_out<C: Config<Driver: Net>>(stat: &str) {
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
    println!("listens on {}", listener.local_addr().expect("bound"));
    // The first client is in the queue before the descriptors go.
    std::thread::sleep(Duration::from_millis(300));
    let stat = cfg!(target_os = "linux").then(|| File::open(format!("/proc/{stat}/stat")).expect("proc(5)"));

    let files = all_descriptors();
    let first = listener.accept().await.expect_err("no descriptor is left");
    assert_eq!(first.raw_os_error(), Some(EMFILE), "{first}");
    assert_eq!(ErrorKind::from(&first), ErrorKind::TooManyOpenFiles);
    let (start, before) = (Instant::now(), stat.as_ref().map(processor_seconds));
    let mut attempts = 0_u32;
    // For a second; on a busy machine longer, until it has tried again ten times.
    while start.elapsed() < Duration::from_secs(1) || attempts < 10 {
        listener.accept().await.expect_err("no descriptor is left");
        attempts += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    let used = stat.as_ref().map(|stat| processor_seconds(stat) - before.unwrap_or_default());
    println!("{attempts} attempts in {seconds:.3} s, {used:?} s of processor time");
    assert!(f64::from(attempts) <= 100.0 * seconds + 1.0, "{attempts} attempts in {seconds:.3} s");
    assert!(used.is_none_or(|used| used < 0.2 * seconds), "{used:?} s of processor time in {seconds:.3} s");

    let freed = Instant::now();
    drop(files);
    let (mut stream, _) = listener.accept().await.expect("descriptors are free again");
    assert!(freed.elapsed() < Duration::from_secs(20), "served after {:?}", freed.elapsed());
    stream.write_all("1").await.0.expect("the client is there");
    drop(stream);

    // Once more, and now each wait is given up before the back-off is over, as in a loop with a tick.
    let files = all_descriptors();
    println!("{GONE_AGAIN}");
    listener.accept().await.expect_err("no descriptor is left");
    if <C::Driver as Driver>::STATELESS {
        // Where no runtime is, there is no clock to wait by: the error is all there is.
        let elsewhere = || poll_once(pin!(listener.accept())).map(|accepted| accepted.expect_err("none is left"));
        let said = std::thread::scope(|scope| scope.spawn(elsewhere).join()).expect("an error, and no panic");
        assert!(matches!(said, Poll::Ready(error) if error.raw_os_error() == Some(EMFILE)));
    }
    drop(files);
    let freed = Instant::now();
    let (mut stream, _) = loop {
        if let Ok(accepted) = C::timeout(Duration::from_millis(2), listener.accept()).await {
            break accepted.expect("descriptors are free again");
        }
        assert!(freed.elapsed() < Duration::from_secs(20), "a tick keeps the listener from ever trying again");
    };
    stream.write_all("2").await.0.expect("the client is there");
    std::io::stdout().flush().expect("it is a pipe");
}

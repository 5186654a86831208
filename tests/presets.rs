//! Each preset is what its documentation says, and runs a program.
#![cfg(unix)]

use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::{Runtime, preset};
use core::time::Duration;

#[cfg(target_os = "linux")]
#[path = "common/deny.rs"]
#[allow(dead_code, reason = "shared by tests, each of which uses a part")]
mod deny;
#[cfg(target_os = "linux")]
#[path = "common/ring.rs"]
mod ring;

/// Spawns, sleeps, listens, connects, reads, writes, and runs a job on a blocking thread.
async fn program<C: Config<Driver: Net, Threads: StartsThreads>>() -> std::io::Result<u32> {
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = C::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let lease = stream.read_lease().await?;
        stream.write_all(lease).await.0
    });
    let mut client = TcpStream::<C>::connect(address).await?;
    let begun = C::now();
    C::sleep(Duration::from_millis(2)).await;
    assert!(C::now() - begun >= Duration::from_millis(2));
    client.write_all("hello").await.0?;
    let mut answer = [0; 5];
    client.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"hello");
    server.await.expect("the server does not panic")?;
    Ok(C::spawn_blocking(|| 7).await.expect("the job does not panic"))
}

/// Which driver runs, by what it works, and why it was chosen. `second`: by what the second choice works.
#[cfg(target_os = "linux")]
fn chosen(named: &'static str, second: &'static str) -> (&'static str, &'static str, &'static str) {
    match named {
        "fallback" if ring::is_denied("for_servers, on a ring") => ("mio", second, "io_uring"),
        "fallback" => ("io_uring", "", "first choice"),
        named => (named, second, "named by the config"),
    }
}
#[cfg(not(target_os = "linux"))]
fn chosen(named: &'static str, by: &'static str) -> (&'static str, &'static str, &'static str) {
    (named, by, "named by the config")
}

macro_rules! presets {
    ($($test:ident: $preset:ident = $scheduler:literal, $driver:literal, $memory:literal, $by:literal;)+) => {$(
        #[test]
        fn $test() {
            type C = preset::$preset;
            const { assert!(Runtime::<C>::ADVICE.is_empty()) };
            let info = Runtime::<C>::INFO;
            assert_eq!((info.name, info.scheduler), (stringify!($preset), $scheduler));
            assert_eq!((info.driver, info.memory), ($driver, $memory));
            // What there is a choice of, the machine decides.
            let (driver, by, why) = chosen($driver, $by);
            let runtime = Runtime::<C>::new().expect("a runtime starts");
            let report = runtime.driver_report();
            assert!(report.driver == driver && report.why.contains(why), "{report}");
            assert!(report.by.contains(by), "{report}");
            assert_eq!(report.to_string(), format!("{}: {}; {}", report.driver, report.by, report.why));
            assert_eq!(runtime.block_on(program::<C>()).expect("the loopback works"), 7);
        }
    )+};
}

#[cfg(target_os = "linux")]
presets! {
    the_default: Default = "single-thread", "mio", "pooled", "epoll";
    low_latency: LowLatency = "single-thread", "mio", "pooled", "timerfd";
    command_line: Cli = "single-thread", "mio", "system", "epoll";
    on_every_processor: PerCore = "per-core", "mio", "pooled", "epoll";
    for_servers: Server = "work-stealing", "fallback", "pooled", "epoll";
    plain_calls: Blocking = "thread-per-task", "blocking", "system", "block their thread";
}
#[cfg(not(target_os = "linux"))]
presets! {
    the_default: Default = "single-thread", "mio", "pooled", "kqueue";
    low_latency: LowLatency = "single-thread", "mio", "pooled", "kqueue";
    command_line: Cli = "single-thread", "mio", "system", "kqueue";
    on_every_processor: PerCore = "per-core", "mio", "pooled", "kqueue";
    for_servers: Server = "work-stealing", "mio", "pooled", "kqueue";
    plain_calls: Blocking = "thread-per-task", "blocking", "system", "block their thread";
}

#[test]
fn presets_differ_where_they_say_so() {
    const { assert!(<preset::LowLatency as Config>::TIMER_SLACK.is_zero()) };
    const { assert!(<preset::LowLatency as Config>::EVENT_INTERVAL < <preset::Default as Config>::EVENT_INTERVAL) };
    const { assert!(<preset::Cli as Config>::SHUTDOWN_TIMEOUT.as_millis() == 100) };
}

/// Where rings are denied, the preset for servers waits by epoll and says why; the default one is not asked.
#[cfg(target_os = "linux")]
#[test]
fn without_rings_servers_have_epoll() {
    deny::without(&[(libc::SYS_io_uring_setup, libc::EPERM)], || {
        let runtime = Runtime::<preset::Server>::new().expect("it falls back");
        let report = runtime.driver_report();
        assert!(report.driver == "mio" && report.why.contains("io_uring is denied"), "{report}");
        assert_eq!(runtime.block_on(program::<preset::Server>()).expect("the loopback works"), 7);
        let report = Runtime::<preset::Default>::new().expect("it starts").driver_report();
        assert_eq!((report.driver, report.why), ("mio", "named by the config"));
    });
}

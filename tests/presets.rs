//! Each preset is what its documentation says, and runs a program.
#![cfg(unix)]

use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::{Runtime, preset};
use core::time::Duration;

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

macro_rules! presets {
    ($($test:ident: $preset:ident = $scheduler:literal, $driver:literal, $memory:literal, $by:literal;)+) => {$(
        #[test]
        fn $test() {
            type C = preset::$preset;
            const { assert!(Runtime::<C>::ADVICE.is_empty()) };
            let info = Runtime::<C>::INFO;
            assert_eq!((info.name, info.scheduler), (stringify!($preset), $scheduler));
            assert_eq!((info.driver, info.memory), ($driver, $memory));
            let runtime = Runtime::<C>::new().expect("a runtime starts");
            let report = runtime.driver_report();
            assert_eq!((report.driver, report.why), ($driver, "named by the config"));
            assert!(report.by.contains($by), "{report}");
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
    for_servers: Server = "work-stealing", "mio", "pooled", "epoll";
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

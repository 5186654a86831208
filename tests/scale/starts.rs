//! Runtimes that start and stop, again and again: their threads and descriptors go with them. `tests/per_core.rs` has the same
//! for `PerCore` on `Mio`.

use crate::{LONG, count, descriptors, ends, runtime, within};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};

crate::on! { starts:
    work_stealing_on_mio = starts_leave_nothing::<Thieves>;
    work_stealing_on_rings = starts_leave_nothing::<ThievesOnRings>;
    per_core_on_rings = starts_leave_nothing::<CoresOnRings>;
}

/// Threads of this process.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// One runtime: every second one serves a connection, every tenth one starts a thread that blocks.
fn cycle<C: Config<Driver: Net, Threads: StartsThreads>>(n: usize) {
    let rt = runtime::<C>();
    rt.block_on(async {
        if n.is_multiple_of(2) {
            let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = C::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut got = [0; 3];
                stream.read_exact(&mut got).await.unwrap();
                // It goes on waiting, until the runtime ends.
                drop(C::spawn(async move { stream.read(&mut [0; 8]).await }));
                got
            });
            let client = C::spawn(async move {
                let mut stream = TcpStream::<C>::connect(address).await.unwrap();
                stream.write_all("tea").await.0.unwrap();
                stream
            });
            let _open = C::timeout(LONG, client).await.expect("it connects").unwrap();
            assert_eq!(&C::timeout(LONG, server).await.expect("it is served").unwrap(), b"tea");
        }
        if n.is_multiple_of(10) {
            assert_eq!(C::timeout(LONG, C::spawn_blocking(|| 6)).await.expect("it runs").unwrap(), 6);
        }
    });
    ends(rt);
}

fn starts_leave_nothing<C: Config<Driver: Net, Threads: StartsThreads>>() {
    let now = || (threads(), descriptors::fds());
    // A thread that was joined is listed for a moment more: also one of the first ten.
    let none = threads();
    (0..10).for_each(cycle::<C>);
    assert!(within(LONG, || threads() == none), "{} threads, and {none} before", threads());
    let before = now();
    (0..count(100, 1_000)).for_each(cycle::<C>);
    within(LONG, || now() == before);
    assert_eq!(now(), before, "threads and descriptors, after and before");
}

//! A socket that the worker watches, whose thread blocks: its driver is waited in all the same.

use super::{Four, LONG, One, Two, ends, receive, runtime};
#[cfg(target_os = "linux")]
use super::{OneAndOther, OneMovable, OneOrOther, OneRing, TwoRings};
use bespoke::Config;
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;

macro_rules! on_all {
    ($($name:ident: $config:ident;)+) => { $(
        #[test]
        fn $name() {
            let runtime = runtime::<$config>();
            let task = runtime.handle().spawn(async {
                let listener = bespoke::rt::TcpListener::<$config>::bind("127.0.0.1:0").await.expect("a port");
                let port = listener.local_addr().expect("bound");
                let peer = thread::spawn(move || {
                    let mut stream = TcpStream::connect(port).expect("listens");
                    for _ in 0..20 {
                        thread::sleep(Duration::from_millis(1)); // by then all workers sleep
                        stream.write_all(b"ping").expect("open");
                        stream.read_exact(&mut [0; 4]).expect("open");
                    }
                });
                let (tell, told) = mpsc::channel();
                let accepted = C::<$config>::accepts(listener, tell);
                drop(<$config>::spawn(accepted));
                for n in 0..20 {
                    assert_eq!(receive::<$config, _>(&told), n);
                }
                <$config>::block_in_place(|| peer.join()).expect("no panic");
                receive::<$config, _>(&told); // the peer has ended
            });
            runtime.block_on(async { <$config>::timeout(LONG, task).await }).expect("in time").expect("no panic");
            ends(runtime);
        }

        impl C<$config> {
            async fn accepts(listener: bespoke::rt::TcpListener<$config>, tell: mpsc::Sender<i32>) {
                let (mut stream, _) = listener.accept().await.expect("a peer");
                let mut n = 0;
                let mut buffer = [0; 4];
                while let Ok(()) = stream.read_exact(&mut buffer).await {
                    stream.write_all(b"pong".to_vec()).await.0.expect("open");
                    tell.send(n).expect("somebody waits");
                    n += 1;
                }
                tell.send(n).expect("somebody waits");
            }
        }
    )+ };
}

struct C<T: Config>(core::marker::PhantomData<T>);

on_all! {
    a_peer_is_served_meanwhile_on_one: One;
    a_peer_is_served_meanwhile_on_two: Two;
    a_peer_is_served_meanwhile_on_four: Four;
}

#[cfg(target_os = "linux")]
on_all! {
    a_peer_is_served_meanwhile_on_a_ring: OneRing;
    a_peer_is_served_meanwhile_on_two_rings: TwoRings;
    a_peer_is_served_meanwhile_on_a_movable_ring: OneMovable;
    a_peer_is_served_meanwhile_on_one_of_two_drivers: OneOrOther;
    a_peer_is_served_meanwhile_on_two_drivers: OneAndOther;
}

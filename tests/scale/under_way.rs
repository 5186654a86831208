//! Operations that are under way at the same time, very many of them: none ends before all have begun, and each ends.

use crate::{LONG, count, ends, room, runtime};
use bespoke::driver::{Nanos, Timeout};
use bespoke::prelude::*;
use bespoke::rt::{Operation, Submit, UnixStream};
use bespoke::{Config, JoinHandle};
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

crate::on! { under_way:
    timeouts_on_one_thread = timeouts::<One>;
    timeouts_on_one_ring = timeouts::<OneRing>;
    timeouts_per_core_on_mio = timeouts::<Cores>;
    timeouts_per_core_on_rings = timeouts::<CoresOnRings>;
    timeouts_stealing_on_mio = timeouts::<Thieves>;
    timeouts_stealing_on_rings = timeouts::<ThievesOnRings>;
    reads_on_one_thread = reads::<One>;
    reads_on_one_ring = reads::<OneRing>;
    reads_per_core_on_mio = reads::<Cores>;
    reads_per_core_on_rings = reads::<CoresOnRings>;
    reads_stealing_on_mio = reads::<Thieves>;
    reads_stealing_on_rings = reads::<ThievesOnRings>;
}

/// At the same time.
const MANY: usize = 100_000;

/// How many have begun, and how many have ended.
#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

/// Waits until `many` have begun. Has none of them ended?
async fn all_under_way<C: Config>(counts: &Counts, many: usize) -> bool {
    let begin = Instant::now();
    while counts.begun.load(SeqCst) < many {
        assert!(begin.elapsed() < LONG, "{} of {many} have begun", counts.begun.load(SeqCst));
        C::sleep(Duration::from_millis(1)).await;
    }
    counts.ended.load(SeqCst) == 0
}

/// A timeout of the driver, which counts itself once the driver knows of it.
async fn timeout<C: Config<Driver: Submit<Timeout>>>(after: Duration, counts: Arc<Counts>) {
    let mut operation = Operation::<C, Timeout>::timeout(Nanos(after.as_nanos() as u64));
    let mut begun = false;
    let ended = poll_fn(|cx| {
        let polled = Pin::new(&mut operation).poll(cx);
        if !begun && polled.is_pending() && operation.is_under_way() {
            begun = true;
            counts.begun.fetch_add(1, SeqCst);
        }
        polled
    });
    ended.await.0.unwrap();
    counts.ended.fetch_add(1, SeqCst);
}

fn timeouts<C: Config<Driver: Submit<Timeout>>>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        let spawn_all = |after, counts: &Arc<Counts>| -> Vec<JoinHandle<()>> {
            (0..MANY).map(|_| C::spawn(timeout::<C>(after, counts.clone()))).collect()
        };
        // An hour each: all are given up at once.
        let begin = Instant::now();
        let counts = Arc::<Counts>::default();
        let tasks = spawn_all(Duration::from_secs(3600), &counts);
        assert!(all_under_way::<C>(&counts, MANY).await, "an hour is over");
        let took = begin.elapsed();
        tasks.iter().for_each(JoinHandle::abort);
        for task in tasks {
            let ended = C::timeout(LONG, task).await.expect("it is given up");
            assert!(ended.unwrap_err().is_cancelled());
        }
        // So long that all have begun before the first one ends, also if this takes twice as long as before; on a machine that
        // does ever more beside it, once more with more time.
        let mut at_once = false;
        for more in [1, 4, 16] {
            let counts = Arc::<Counts>::default();
            let tasks = spawn_all(2 * took + Duration::from_secs(more), &counts);
            at_once = all_under_way::<C>(&counts, MANY).await;
            for task in tasks {
                C::timeout(LONG, task).await.expect("it ends").unwrap();
            }
            assert_eq!((counts.begun.load(SeqCst), counts.ended.load(SeqCst)), (MANY, MANY));
            if at_once {
                break;
            }
        }
        assert!(at_once, "they are not under way at the same time");
        println!("figure: {MANY} timeouts under way at the same time, begun in {took:?}");
    });
    ends(rt);
}

/// One read of each of so many streams, as the limit of descriptors has room for; in a short run, of some.
fn reads<C: Config<Driver: Unix>>() {
    let many = count(4_000, MANY).min(room().saturating_sub(200) / 2);
    let rt = runtime::<C>();
    rt.block_on(async {
        let counts = Arc::<Counts>::default();
        let (mut peers, mut tasks) = (Vec::with_capacity(many), Vec::with_capacity(many));
        for _ in 0..many {
            let (ours, peer) = std::os::unix::net::UnixStream::pair().unwrap();
            peers.push(peer);
            let counts = counts.clone();
            tasks.push(C::spawn(async move {
                let mut ours = UnixStream::<C>::from_std(ours).unwrap();
                let mut buffer = [0; 8];
                let mut read = pin!(ours.read(&mut buffer));
                let mut begun = false;
                let n = poll_fn(|cx| {
                    let polled = read.as_mut().poll(cx);
                    if !begun && polled.is_pending() {
                        begun = true;
                        counts.begun.fetch_add(1, SeqCst);
                    }
                    polled
                })
                .await;
                assert_eq!(n.unwrap(), 1);
                counts.ended.fetch_add(1, SeqCst);
            }));
        }
        assert!(all_under_way::<C>(&counts, many).await, "nobody has written");
        for peer in &mut peers {
            peer.write_all(b"x").unwrap();
        }
        for task in tasks {
            C::timeout(LONG, task).await.expect("its byte is there").unwrap();
        }
        assert_eq!(counts.ended.load(SeqCst), many);
        println!("figure: {many} reads under way at the same time");
    });
    ends(rt);
}

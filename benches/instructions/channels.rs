//! Tools between tasks, each used by one task alone: no wake and no switch, but what the tool itself costs.

use crate::paths::{Plant, Pooled, runtime};
use bespoke::rt::{Notify, mpsc, oneshot};
use bespoke::scheduler::Sharing;

pub(crate) fn oneshot<S: Sharing>(ops: u64, plant: Plant) {
    runtime::<Pooled>().block_on(async {
        for n in 0..ops {
            plant.work();
            let (sender, receiver) = oneshot::channel_in::<u64, S>();
            sender.send(n).expect("the receiver waits");
            assert_eq!(receiver.await, Ok(n), "another value came");
        }
    });
}

pub(crate) fn mpsc<S: Sharing>(ops: u64, plant: Plant) {
    runtime::<Pooled>().block_on(async {
        let (sender, mut receiver) = mpsc::channel_in::<u64, S>(64);
        for n in 0..ops {
            plant.work();
            sender.send(n).await.expect("the receiver is there");
            assert_eq!(receiver.recv().await, Some(n), "another message came");
        }
    });
}

pub(crate) fn notify<S: Sharing>(ops: u64, plant: Plant) {
    runtime::<Pooled>().block_on(async {
        let notify = Notify::<S>::new();
        for _ in 0..ops {
            plant.work();
            notify.notify_one();
            notify.notified().await;
        }
    });
}

//! Resources that move between workers: from the one of a `block_on` to the one of the runtime, whose task asks for them.

use super::cores::Alone;
use super::*;
use crate::driver::{Errno, OwnedResource};
use crate::roles::Kind;
use crate::runtime::Ambient;
use crate::testing::descriptor;

/// A resource of the caller's worker.
fn resource() -> OwnedResource<Alone> {
    OwnedResource::adopt(3, Kind::Stream).unwrap()
}

/// The request meets the sleep of the old worker, and the answer that of the new one; the new one closes it.
#[test]
fn ask_vs_park() {
    model("moves::ask_vs_park", || {
        let rt = runtime::<Alone>();
        let descriptor = descriptor::open();
        rt.block_on(async {
            let resource = resource();
            let task = Alone::spawn(async move {
                assert!(!resource.is_here());
                resource.rehome().await.unwrap();
                assert!(resource.is_here());
                assert_eq!(resource.while_open(|_| descriptor.call()), Ok(()));
            });
            task.await.unwrap();
        });
        assert_eq!(descriptor::closed(), 1);
        drop(rt);
        counts::assert_all_freed(2);
    });
}

/// The old worker closes while it is asked: the resource comes, or is closed, and the task hears which.
#[test]
fn ask_vs_close() {
    model("moves::ask_vs_close", || {
        let rt = runtime::<Alone>();
        let descriptor = descriptor::open();
        let task = rt.block_on(async {
            let resource = resource();
            Alone::spawn(async move {
                let moved = resource.rehome().await;
                match moved {
                    Ok(()) => assert_eq!(resource.while_open(|_| descriptor.call()), Ok(())),
                    Err(errno) => assert_eq!(errno, Errno::RUNTIME_CLOSED),
                }
                moved.is_ok()
            })
        });
        let came = block_on_loom(task);
        assert_eq!(descriptor::closed(), 1, "came: {came}");
        drop(rt);
        counts::assert_all_freed(2);
    });
}

/// The handle goes before, during or after the answer.
#[test]
fn drop_vs_answer() {
    model("moves::drop_vs_answer", || {
        let rt = runtime::<Alone>();
        let _descriptor = descriptor::open();
        rt.block_on(async {
            let resource = resource();
            let task = Alone::spawn(async move {
                let mut asks = std::boxed::Box::pin(resource.rehome());
                poll_fn(|cx| {
                    let _ = asks.as_mut().poll(cx);
                    Poll::Ready(())
                })
                .await;
                drop(asks);
                drop(resource);
            });
            task.await.unwrap();
        });
        // By the worker that had it, which has closed, or by the task.
        assert_eq!(descriptor::closed(), 1);
        drop(rt);
        counts::assert_all_freed(2);
    });
}

fn block_on_loom<T>(task: JoinHandle<T>) -> T {
    crate::testing::models::block_on(task).unwrap()
}

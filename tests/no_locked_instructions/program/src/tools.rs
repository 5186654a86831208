//! Tools between tasks, those of a local config: each waits, is woken, and gives up.

use super::walk::channel::{mpsc, oneshot};
use super::walk::sync::Notify;
use super::walk::{self, JoinSet};
use bespoke::{join, race, select};
use core::future::{pending, ready};
use std::rc::Rc;

/// Five steps.
pub(crate) async fn all(round: usize) -> usize {
    one_value(round).await + queue(round).await + notify().await + several(round).await + set(round).await
}

/// A value that is waited for, one that comes back, and one that never comes.
async fn one_value(round: usize) -> usize {
    let (sender, receiver) = oneshot::channel();
    let task = walk::spawn(async move { sender.send(Rc::new(round)).is_ok() });
    let came = receiver.await.is_ok_and(|value| *value == round);
    let (mut sender, receiver) = oneshot::channel::<usize>();
    let (_, closed) = join!(async { drop(receiver) }, async {
        sender.closed().await;
        sender.is_closed()
    });
    let back = sender.send(round) == Err(round);
    let (sender, receiver) = oneshot::channel::<usize>();
    drop(sender);
    usize::from(came && closed && back && receiver.await.is_err() && matches!(task.await, Ok(true)))
}

/// A queue that is full, is emptied, is closed.
async fn queue(round: usize) -> usize {
    let (sender, mut receiver) = mpsc::channel(1);
    let other = sender.clone();
    let task = walk::spawn(async move {
        let mut sent = 0;
        for n in 0..3 {
            sent += usize::from(other.send(round + n).await.is_ok());
        }
        let Ok(permit) = other.reserve().await else { return sent };
        permit.send(round);
        sent + 1
    });
    let mut sum = 0;
    for _ in 0..4 {
        sum += receiver.recv().await.unwrap_or(0);
    }
    drop(sender.reserve().await); // not used: the place is free again
    receiver.close();
    let refused = sender.try_send(1).is_err();
    usize::from(sum == 4 * round + 3 && refused && receiver.recv().await.is_none() && matches!(task.await, Ok(4)))
}

/// One is told, and all are.
async fn notify() -> usize {
    let notify = Rc::new(Notify::new());
    let tells = notify.clone();
    let task = walk::spawn(async move {
        tells.notify_one();
        walk::yield_now().await;
        tells.notify_waiters();
    });
    notify.notified().await;
    join!(notify.notified(), notify.notified());
    usize::from(task.await.is_ok())
}

/// The first of several, and all of them.
async fn several(round: usize) -> usize {
    let (sender, mut receiver) = mpsc::channel(2);
    let first = select! {
        _ = receiver.recv() => 0,
        _ = pending::<()>() => 0,
        n = ready(round) => n,
    };
    let (sent, got) = join!(sender.send(first), receiver.recv());
    let won = race!(async { receiver.recv().await.unwrap_or(0) }, pending(), ready(round));
    usize::from(sent.is_ok() && got == Some(round) && won == round)
}

/// Tasks that complete, one that is aborted, and some that are let go.
async fn set(round: usize) -> usize {
    let mut set = JoinSet::new();
    for n in 0..3 {
        set.spawn(async move { Rc::new(round + n) });
    }
    let mut sum = 0;
    for _ in 0..3 {
        sum += set.join_next().await.and_then(Result::ok).map_or(0, |n| *n);
    }
    set.spawn(pending());
    set.abort_all();
    let ended = set.join_next().await.is_some_and(|output| output.is_err());
    set.spawn(async { Rc::new(1) });
    set.detach_all();
    set.spawn(pending());
    drop(set);
    usize::from(ended && sum == 3 * round + 3)
}

//! The end of resources and of drivers: what is closed, when, and what is left to others.

use super::*;

#[test]
fn a_drain_without_time_closes_what_it_frees() {
    if denied() {
        return;
    }
    let live = started::<8, Usual>();
    let Streams { ours, peers } = Streams::of(&live, 1);
    let mut to = [0; 8];
    assert!(poll(&live, &mut recv(ours[0], &mut to), &mut ()).is_pending());
    live.park(Park::Poll).expect("a turn");
    let socket = named_by(ours[0].raw);
    live.close(ours[0]);
    assert!(socket.is_some() && named_by(ours[0].raw) == socket, "the kernel still has its `recv`");
    let drained = live.drain(Nanos(0));
    assert_eq!((drained.leaked, in_kernel(&live)), (0, 0));
    assert_ne!(named_by(ours[0].raw), socket);
    drop(peers);
}

//! How each operation is expressed here: there is one, which is over at once.

use super::NoIo;
use bespoke_core::driver::{MaybeDangling, Nop, Served, Submit};
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};

impl Submit<Nop> for NoIo {
    type InFlight<S: Sharing> = ();

    const SERVED: Served = Served::AtHand;

    #[inline]
    fn poll_op<S: Sharing>(_: &Self::Live<S>, _: &mut Nop, (): &mut (), _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn in_flight<S: Sharing>((): &()) -> bool {
        false
    }

    fn abandon<S: Sharing, K: Send + 'static>(_: &Self::Live<S>, _: &mut Nop, (): &mut (), keep: MaybeDangling<K>) {
        drop(keep);
    }
}

//! How each operation is expressed here: there is one, which is over at once.

use super::NoIo;
use bespoke_core::driver::{MaybeDangling, Nop, Served, Submit};
use bespoke_core::roles::Under;
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};

impl Submit<Nop> for NoIo {
    type InFlight<S: Sharing> = ();

    const SERVED: Served = Served::AtHand;

    #[inline]
    fn poll_op<S: Sharing>(_: &<Self as Under<S>>::Live, _: &mut Nop, (): &mut (), _: &mut Context<'_>) -> Poll<()>
    where
        Self: Under<S>,
    {
        Poll::Ready(())
    }

    fn in_flight<S: Sharing>((): &()) -> bool {
        false
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        _: &<Self as Under<S>>::Live,
        _: &mut Nop,
        (): &mut (),
        keep: MaybeDangling<K>,
    ) where
        Self: Under<S>,
    {
        drop(keep);
    }
}

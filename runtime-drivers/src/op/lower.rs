//! How a driver says that it can do an operation: what most of those implementations have in common.

/// Implements [`Submit`](bespoke_core::driver::Submit) for an operation that leaves nothing behind: the driver and the system
/// know of it during a poll only, so that dropping its future is free. The last part is the poll.
///
/// `$generics` are the parameters of a driver that has some, with their bounds. `$state` is what the future remembers between
/// two polls; `()` for most. `$served` is a variant of [`Served`](bespoke_core::driver::Served).
macro_rules! leaves_nothing {
    (
        $({$($generics:tt)*})? $driver:ty, $op:ty, $state:ty, $served:ident,
        |$live:pat_param, $o:ident, $st:pat_param, $cx:pat_param| $poll:expr
    ) => {
        impl$(<$($generics)*>)? bespoke_core::driver::Submit<$op> for $driver {
            type InFlight<S: bespoke_core::sharing::Sharing> = $state;

            const SERVED: bespoke_core::driver::Served = bespoke_core::driver::Served::$served;

            #[inline(always)]
            fn poll_op<S: bespoke_core::sharing::Sharing>(
                $live: &Self::Live<S>,
                $o: &mut $op,
                $st: &mut $state,
                $cx: &mut core::task::Context<'_>,
            ) -> core::task::Poll<<$op as bespoke_core::driver::Op>::Output> {
                $poll
            }

            #[inline(always)]
            fn in_flight<S: bespoke_core::sharing::Sharing>(_: &$state) -> bool {
                false
            }

            fn abandon<S: bespoke_core::sharing::Sharing, K: Send + 'static>(
                _: &Self::Live<S>,
                _: &mut $op,
                _: &mut $state,
                keep: bespoke_core::driver::MaybeDangling<K>,
            ) {
                drop(keep);
            }
        }
    };
}
pub(crate) use leaves_nothing;

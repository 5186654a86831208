//! The const-generic builder: a runtime whose config has no name.
//!
//! It lives in the facade because only the facade may name every driver and every memory strategy. All methods are
//! inherent, so there is nothing to import but [`Builder`]. A part that is missing or chosen twice is a sentence at compile
//! time; what only a build can see (rules over the chosen parts) fails when the program is built.
//!
//! No method's signature holds a projection: the chosen part is bound to a type parameter through `Trait<Part = X>`, and
//! then the compiler prints our sentence instead of "the method exists, but its bounds were not satisfied". What the part
//! must be is asked for where it is chosen and where it is built, never by the states in between: a wrong part would then
//! read as a missing one.

use crate::clock::{Monotonic, OsEntropy, OsThreads, Sysfs};
use crate::memory::{Pooled, System};
use crate::watchdog::Unwatched;
use crate::{Config, Error, Runtime};
use bespoke_core::choice::{Count, Workers};
use bespoke_core::config::Sealed;
use bespoke_core::roles::{Driver, Memory, Scheduler, Under};
use core::marker::PhantomData;

/// Which parts: names without values.
type Parts<S, D, M> = PhantomData<fn() -> (S, D, M)>;

/// No scheduler chosen: the number of workers decides.
#[derive(Debug, Clone, Copy)]
pub struct NoScheduler;
/// No driver chosen yet.
#[derive(Debug, Clone, Copy)]
pub struct NoDriver;
/// No memory strategy chosen: the system's.
#[derive(Debug, Clone, Copy)]
pub struct NoMemory;
/// A chosen part.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<T>(PhantomData<fn() -> T>);

/// Builds a runtime from parts, checked by the compiler: `Builder::<1>::new().mio().pooled().build()?`.
///
/// `WORKERS` alone gives the scheduler: 1 is [`SingleThread`](crate::scheduler::SingleThread), more are
/// [`PerCore<WORKERS>`](crate::scheduler::PerCore), at most so many, 1024 for one.
///
/// ```
/// use bespoke::Builder;
///
/// # {
/// let runtime = Builder::<1>::new().mio().pooled().build()?;
/// let tea = runtime.spawn(async { "tea" });
/// assert_eq!(runtime.block_on(tea)?, "tea");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use = "a builder does nothing until `build()`"]
pub struct Builder<const WORKERS: usize, S = NoScheduler, D = NoDriver, M = NoMemory>(Parts<S, D, M>);

/// The scheduler is still free to choose.
#[diagnostic::on_unimplemented(
    message = "the scheduler is chosen already",
    label = "second choice of a scheduler",
    note = "a builder takes one scheduler, one driver and one memory strategy"
)]
pub trait FreeScheduler {}
impl FreeScheduler for NoScheduler {}

/// The driver is still free to choose.
#[diagnostic::on_unimplemented(
    message = "the I/O driver is chosen already",
    label = "second choice of a driver",
    note = "a builder takes one scheduler, one driver and one memory strategy"
)]
pub trait FreeDriver {}
impl FreeDriver for NoDriver {}

/// The memory strategy is still free to choose.
#[diagnostic::on_unimplemented(
    message = "the memory strategy is chosen already",
    label = "second choice of memory",
    note = "a builder takes one scheduler, one driver and one memory strategy"
)]
pub trait FreeMemory {}
impl FreeMemory for NoMemory {}

/// The scheduler for `WORKERS` workers and the choice made.
#[diagnostic::on_unimplemented(
    message = "there is no scheduler for {WORKERS} workers",
    label = "this builder has no scheduler to build with"
)]
pub trait Pick<const WORKERS: usize> {
    /// It.
    type Part;
}
#[diagnostic::do_not_recommend]
impl<const WORKERS: usize, A: Scheduler> Pick<WORKERS> for NoScheduler
where
    Count<WORKERS>: Workers<Apart = A>,
{
    type Part = A;
}
#[diagnostic::do_not_recommend]
impl<const WORKERS: usize, S> Pick<WORKERS> for Chosen<S> {
    type Part = S;
}

/// A driver was chosen.
#[diagnostic::on_unimplemented(
    message = "the runtime has no I/O driver yet",
    label = "call `.mio()` or `.driver::<D>()` before `.build()`"
)]
pub trait HasDriver {
    /// It.
    type Part;
}
#[diagnostic::do_not_recommend]
impl<D> HasDriver for Chosen<D> {
    type Part = D;
}

/// The memory strategy chosen, or the system's.
pub trait OrSystem {
    /// It.
    type Part;
}
#[diagnostic::do_not_recommend]
impl<M> OrSystem for Chosen<M> {
    type Part = M;
}
impl OrSystem for NoMemory {
    type Part = System;
}

impl<const WORKERS: usize> Builder<WORKERS> {
    /// Nothing chosen yet.
    pub const fn new() -> Self
    where
        Count<WORKERS>: Workers,
    {
        Builder(PhantomData)
    }
}

impl<const WORKERS: usize> Default for Builder<WORKERS>
where
    Count<WORKERS>: Workers,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORKERS: usize, S, D, M> Builder<WORKERS, S, D, M> {
    /// Chooses a scheduler by its type.
    pub const fn scheduler<S2: Scheduler>(self) -> Builder<WORKERS, Chosen<S2>, D, M>
    where
        S: FreeScheduler,
    {
        Builder(PhantomData)
    }

    /// Chooses a driver by its type.
    pub const fn driver<D2: Driver>(self) -> Builder<WORKERS, S, Chosen<D2>, M>
    where
        D: FreeDriver,
    {
        Builder(PhantomData)
    }

    /// Readiness I/O: epoll, kqueue, completion ports.
    pub const fn mio(self) -> Builder<WORKERS, S, Chosen<crate::driver::Mio>, M>
    where
        D: FreeDriver,
    {
        Builder(PhantomData)
    }

    /// Chooses a memory strategy by its type.
    pub const fn memory<M2: Memory>(self) -> Builder<WORKERS, S, D, Chosen<M2>>
    where
        M: FreeMemory,
    {
        Builder(PhantomData)
    }

    /// Task memory from pools of the worker.
    pub const fn pooled(self) -> Builder<WORKERS, S, D, Chosen<Pooled>>
    where
        M: FreeMemory,
    {
        Builder(PhantomData)
    }

    /// Starts the runtime. Its tasks use [`Runtime::spawn`], a [`Handle`](crate::Handle), or code that is generic over the
    /// config; to name the config, write its [`Built`].
    ///
    /// # Errors
    /// What the system refused.
    pub fn build<S2: Scheduler, D2: Driver + Under<S2::Sharing>, M2: Memory>(
        self,
    ) -> Result<Runtime<Built<S2, D2, M2>>, Error>
    where
        D: HasDriver<Part = D2>,
        S: Pick<WORKERS, Part = S2>,
        M: OrSystem<Part = M2>,
    {
        Runtime::new()
    }
}

/// The config of a built runtime: parts without a name of their own.
#[derive(Debug, Clone, Copy)]
pub struct Built<S, D, M>(Parts<S, D, M>);

impl<S: Scheduler, D: Driver + Under<S::Sharing>, M: Memory> Config for Built<S, D, M> {
    type Scheduler = S;
    type Driver = D;
    type Memory = M;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = OsThreads;
    type Topology = Sysfs;
    type Watchdog = Unwatched;
    const NAME: &'static str = "Built";
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}

crate::__ambient! { [S: Scheduler, D: Driver + Under<S::Sharing>, M: Memory] Built<S, D, M>, [] }

//! The driver of a board without an operating system: a worker sleeps as the board does.
//!
//! The order that rules out a lost wake-up is that of [`turn`](crate::worker): the worker first says in its inbox that it is
//! about to sleep, then calls [`Board::wait`]. An interrupt before that is found in the inbox; one after it sees that the worker
//! sleeps, and calls [`Board::wake`], which the board keeps for the wait that may not have begun yet.

use crate::error::{Errno, Error, ErrorKind};
use crate::roles::{
    Board, Caps, Drained, Driver, DriverReport, Kind, Live, Nanos, OnBoard, Park, Regions, Resource, Sealed, StartCx,
    Under, Unpark,
};
use crate::sharing::{Local, Sharing};
use core::fmt;
use core::marker::PhantomData;

/// No I/O, on a machine without an operating system: tasks wait for timers, for each other, and for interrupts, whose handlers
/// wake them.
///
/// | | |
/// |---|---|
/// | needs | a [`Board`] |
/// | tasks | stay where they are: the scheduler is [`SingleThread`](crate::scheduler::SingleThread) |
/// | sockets, files, processes | none: what asks for them does not compile |
pub struct Bare<B>(PhantomData<fn() -> B>);

impl<B: Board> Driver for Bare<B> {
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Sealed = Sealed::OURS;
    type Live<S: Sharing> = LiveBare<B>;
    const NAME: &'static str = "bare";
    const CAPS: Caps = Caps::SUSPENDING;
}

impl<B: Board> OnBoard for Bare<B> {
    type Board = B;
}

impl<B: Board> Under<Local> for Bare<B> {}

/// Nothing is done with it.
impl<B: Board> Regions<Local> for Bare<B> {}

/// The running driver of the one worker: it has no state, the board has it.
pub struct LiveBare<B>(PhantomData<fn() -> B>);

/// Ends the wait of a board.
pub struct BareUnparker<B>(PhantomData<fn() -> B>);

impl<B: Board> Unpark for BareUnparker<B> {
    fn unpark(&self) {
        B::wake();
    }
}

impl<B: Board> Live for LiveBare<B> {
    type Unparker = BareUnparker<B>;

    fn start(_: StartCx) -> Result<Self, Error> {
        if B::is_elsewhere() { Err(elsewhere()) } else { Ok(LiveBare(PhantomData)) }
    }

    fn report(&self) -> DriverReport {
        DriverReport::named("bare", B::NAME)
    }

    /// Nothing is opened here: whoever adopts a descriptor keeps it.
    fn register(&self, _: Resource, _: Kind) -> Result<(), Errno> {
        Err(Errno::of(ErrorKind::Unsupported))
    }

    /// Never called: nothing is opened.
    fn close(&self, _: Resource) {
        unreachable!("a driver without I/O is given a resource")
    }

    /// Never called: nothing is opened.
    fn release(&self, _: Resource) -> Result<(), Errno> {
        unreachable!("a driver without I/O is given a resource")
    }

    fn park(&self, park: Park) -> Result<(), Errno> {
        match park {
            Park::Poll | Park::Until(Nanos(0)) => {}
            Park::Until(at_most) => B::wait(Some(at_most)),
            Park::Forever => B::wait(None),
        }
        Ok(())
    }

    fn has_work(&self) -> bool {
        false
    }

    fn unparker(&self) -> BareUnparker<B> {
        BareUnparker(PhantomData)
    }

    fn drain(&self, _: Nanos) -> Drained {
        Drained::default()
    }
}

/// What a runtime says that is to start elsewhere than where its tasks would run.
#[cold]
pub(crate) fn elsewhere() -> Error {
    Error::new(ErrorKind::Unsupported)
        .because("a runtime starts where its tasks run, and the board says that this is elsewhere")
}

impl<B> fmt::Debug for Bare<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bare")
    }
}

impl<B> fmt::Debug for LiveBare<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LiveBare")
    }
}

impl<B> fmt::Debug for BareUnparker<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BareUnparker")
    }
}

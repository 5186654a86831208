//! The old worker: gives a resource up, or says that it is in use. The numbers are those of the [module](super).

use super::{Binding, Place, State, nowhere, wake_all};
use crate::config::Config;
use crate::error::Errno;
use crate::loom::{Ordering, Plant, planted};
use crate::roles::{Driver, Kind, Live, Luggage, Resource};
use crate::task::home::Home;
use crate::task::inbox::Node;
use crate::task::run::guard;
use crate::worker::{Worker, guests};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::task::Waker;

/// What a request finds.
enum Found {
    /// The resource is to leave.
    Leaves(Kind),
    /// It stays; those who wait hear so.
    Stays(Vec<Waker>),
    /// The handle went meanwhile, and left the rest to us.
    Dropped,
    Nothing,
}

/// Owner: a request came out of the inbox of `worker`. `closed`: that is closed, and the driver gone.
///
/// # Safety
/// The caller is the owner of `worker` and took the node, which is that of a binding, from its inbox.
pub(crate) unsafe fn answer<C: Config>(worker: NonNull<Worker<C>>, node: NonNull<Node>, closed: bool) {
    // SAFETY: the node is the first field of a binding, and holds a count of it (invariant 4).
    let binding = unsafe { Arc::from_raw(node.cast::<Binding<C>>().as_ptr()) };
    let resource = Resource { raw: binding.raw, key: binding.key() };
    let found = binding.with(|state| match state.place {
        Place::Asked(_) => {
            // SAFETY: the owner, of the resource of a handle.
            if closed || !unsafe { guests::is_open(worker, resource.key) } {
                return Found::Stays(binding.stays(state, worker));
            }
            if state.lent > 0 {
                // Whoever gives the number back posts the request again (invariant 6).
                state.late = true;
                return Found::Nothing;
            }
            if binding.is_busy() {
                return Found::Stays(binding.stays(state, worker));
            }
            // Before the driver is asked: what that wakes may come here and poll.
            state.place = Place::Leaving(worker);
            binding.at.store(nowhere(), Ordering::Relaxed);
            Found::Leaves(state.kind)
        }
        Place::Dropped => {
            state.place = Place::Gone;
            Found::Dropped
        }
        // Its handle gave it away meanwhile.
        _ => Found::Nothing,
    });
    match found {
        Found::Leaves(kind) => {
            // SAFETY: the owner; the driver is there until the inbox is closed.
            let given = unsafe { Worker::driver(worker) }.give_up(resource, kind);
            // SAFETY: the owner; it is open still.
            unsafe { left(worker, &binding, resource, given) };
        }
        Found::Stays(waiting) => wake_all(waiting),
        // SAFETY: the owner; the handle is gone.
        Found::Dropped if !closed => unsafe { guests::close_resource(worker, resource) },
        // The close of the worker has closed it; what is left is the reference for this guest.
        // SAFETY: that reference; the runtime's own still holds the home.
        Found::Dropped => unsafe { Home::release(Worker::home_of(worker)) },
        Found::Nothing => {}
    }
}

/// The driver has given the resource up (3), or has not (6).
///
/// # Safety
/// The caller is the owner, before its driver is gone; the resource is open in its table.
unsafe fn left<C: Config>(
    worker: NonNull<Worker<C>>,
    binding: &Binding<C>,
    resource: Resource,
    given: Result<Luggage, Errno>,
) {
    match given {
        Ok(luggage) => {
            let (waiting, nobodys) = binding.with(|state| {
                let dropped = matches!(state.place, Place::Dropped) && !planted(Plant::LeftForNobody);
                let nobodys = if dropped {
                    state.place = Place::Gone;
                    Some(luggage)
                } else {
                    state.place = Place::Afloat(luggage);
                    None
                };
                (core::mem::take(&mut state.waiting), nobodys)
            });
            // After the lock: until then the resource was a guest (invariant 2).
            // SAFETY: the owner's worker is alive.
            let this = unsafe { worker.as_ref() };
            // SAFETY: the owner; nothing of the user's runs.
            unsafe { this.change_resources(|resources| resources.free(resource.key)) };
            // SAFETY: the owner.
            unsafe { Home::caller_goes(Worker::home_of(worker)) };
            if let Some(luggage) = nobodys {
                guard(|| drop(luggage));
                <C::Driver as Driver>::close_afloat(resource.raw);
            }
            if !planted(Plant::LeftUnheard) {
                wake_all(waiting);
            }
        }
        Err(_) => {
            let (waiting, dropped) = binding.with(|state| {
                let dropped = matches!(state.place, Place::Dropped);
                if dropped {
                    state.place = Place::Gone;
                }
                (if dropped { Vec::new() } else { binding.stays(state, worker) }, dropped)
            });
            if dropped {
                // SAFETY: the owner; the handle is gone.
                unsafe { guests::close_resource(worker, resource) };
            }
            wake_all(waiting);
        }
    }
}

impl<C: Config> Binding<C> {
    /// It is at `worker` still (5, 6): who is to hear so. On its thread, under the lock.
    fn stays(&self, state: &mut State<C>, worker: NonNull<Worker<C>>) -> Vec<Waker> {
        state.place = Place::At(worker);
        self.at.store(worker.as_ptr(), Ordering::Relaxed);
        core::mem::take(&mut state.waiting)
    }
}

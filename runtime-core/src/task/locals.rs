//! Task-local values: `task_local!`, [`LocalKey`].
//!
//! A value belongs to a future ([`LocalKey::scope`]) and is put into a thread-local cell while that future is polled. So it
//! follows the task, nests like a stack, and costs nothing where it is not used: the header of a task knows nothing of it.
//!
//! 1. Outside a poll of a scope's future, the cell holds what it held before: the swap is undone by a guard, also when the
//!    poll panics.
//! 2. The drop of a scope comes to the drop of its future, which may be pinned: nothing before it panics.

use core::cell::RefCell;
use core::fmt;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::thread::LocalKey as ThreadKey;

/// Declares task-local values. Made by `task_local!`; see [`LocalKey`].
///
/// ```
/// bespoke_core::task_local! {
///     /// Whose request this is.
///     static USER: String;
/// }
/// assert!(USER.try_with(|_| ()).is_err());
/// let name = USER.sync_scope("ann".into(), || USER.with(String::clone));
/// assert_eq!(name, "ann");
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty; $($rest:tt)*) => {
        $crate::task_local!($(#[$attribute])* $visibility static $name: $type);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty) => {
        $(#[$attribute])*
        $visibility static $name: $crate::task::locals::LocalKey<$type> = {
            ::std::thread_local! {
                static CELL: ::core::cell::RefCell<::core::option::Option<$type>> =
                    const { ::core::cell::RefCell::new(::core::option::Option::None) };
            }
            $crate::task::locals::LocalKey::__new(&CELL)
        };
    };
}

/// A task-local value: declared by `task_local!`, given by [`scope`](Self::scope), read by [`with`](Self::with).
pub struct LocalKey<T: 'static> {
    cell: &'static ThreadKey<RefCell<Option<T>>>,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(cell: &'static ThreadKey<RefCell<Option<T>>>) -> Self {
        LocalKey { cell }
    }

    /// Runs `future` with the value. Tasks that it spawns do not have it: give it to them.
    ///
    /// # Cancel safety
    /// As the future's; the value is dropped with it.
    ///
    /// # Panics
    /// The future that comes out, if it is polled inside [`with`](Self::with) of the same key.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> Scope<T, F> {
        Scope { key: self, value: Some(value), future: ManuallyDrop::new(future) }
    }

    /// Runs `f` with the value.
    ///
    /// # Panics
    /// Inside [`with`](Self::with) of the same key.
    #[track_caller]
    pub fn sync_scope<R>(&'static self, value: T, f: impl FnOnce() -> R) -> R {
        let mut value = Some(value);
        let _restore = Restore::enter(self, &mut value);
        f()
    }

    /// Runs `f` on the value.
    ///
    /// # Panics
    /// Outside the key's scopes.
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs `f` on the value.
    ///
    /// # Errors
    /// Outside the key's scopes, and while the thread ends.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        self.cell.try_with(|cell| cell.borrow().as_ref().map(f)).ok().flatten().ok_or(AccessError(()))
    }

    /// The value.
    ///
    /// # Panics
    /// Outside the key's scopes.
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalKey(..)")
    }
}

/// Puts a value into the cell of a key, and what was there back when it is dropped.
struct Restore<'a, T: 'static> {
    key: &'static LocalKey<T>,
    value: &'a mut Option<T>,
    /// Not while somebody reads the value, who must not lose it, nor once the thread has dropped the cell.
    swapped: bool,
}

impl<'a, T: 'static> Restore<'a, T> {
    /// Never panics: a scope that is dropped must come to the drop of its future.
    fn swap(key: &'static LocalKey<T>, value: &'a mut Option<T>) -> Self {
        let swapped = exchange(key, value);
        Restore { key, value, swapped }
    }

    /// Like [`swap`](Self::swap), for a scope that is entered.
    ///
    /// # Panics
    /// Inside [`LocalKey::with`] of the same key.
    #[track_caller]
    fn enter(key: &'static LocalKey<T>, value: &'a mut Option<T>) -> Self {
        let restore = Restore::swap(key, value);
        // While the thread ends the cell may be gone: then nobody can read it.
        let read = || key.cell.try_with(|cell| cell.try_borrow_mut().is_err()).unwrap_or(false);
        assert!(restore.swapped || !read(), "a scope of a task-local value is entered while `with` lends the value");
        restore
    }
}

impl<T: 'static> Drop for Restore<'_, T> {
    fn drop(&mut self) {
        if self.swapped {
            exchange(self.key, self.value);
        }
    }
}

/// Whether it could: the cell may be lent, or gone with the thread.
fn exchange<T: 'static>(key: &'static LocalKey<T>, value: &mut Option<T>) -> bool {
    let swap =
        |cell: &RefCell<Option<T>>| cell.try_borrow_mut().map(|mut there| core::mem::swap(&mut *there, value)).is_ok();
    key.cell.try_with(swap).unwrap_or(false)
}

/// A future with a task-local value. Made by [`LocalKey::scope`].
#[must_use = "a scope does nothing unless it is awaited"]
pub struct Scope<T: 'static, F> {
    key: &'static LocalKey<T>,
    value: Option<T>,
    /// Dropped by the drop of the scope, with the value in place.
    future: ManuallyDrop<F>,
}

impl<T: 'static, F: Future> Future for Scope<T, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `future` is pinned structurally: it is never moved. The value is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        let _restore = Restore::enter(this.key, &mut this.value);
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut *this.future) };
        future.poll(cx)
    }
}

impl<T: 'static, F> Drop for Scope<T, F> {
    /// The future's drop has the value, too, unless [`LocalKey::with`] lends one at this moment. (A future that is pinned in
    /// place is dropped in place, whatever happens here.)
    fn drop(&mut self) {
        let _restore = Restore::swap(self.key, &mut self.value);
        // SAFETY: dropped once, here.
        unsafe { ManuallyDrop::drop(&mut self.future) };
    }
}

// The value may be pinned with the future and is never treated as pinned.
impl<T: 'static, F: Unpin> Unpin for Scope<T, F> {}

impl<T: 'static, F> fmt::Debug for Scope<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope(..)")
    }
}

/// There is no value here: outside the key's scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a task-local value was read outside its scope")
    }
}

impl core::error::Error for AccessError {}

#[cfg(all(test, not(loom)))]
mod tests {
    use core::future::Future as _;
    use core::task::{Context, Waker};

    use crate::runtime::{Ambient, Runtime};
    use crate::testing::App;

    task_local! {
        static DEPTH: u32;
        static NAME: &'static str;
    }

    #[test]
    fn values_follow_their_tasks() {
        let rt = Runtime::<App>::new().expect("it starts");
        rt.block_on(async {
            let tasks: [_; 10] = core::array::from_fn(|i| {
                App::spawn(DEPTH.scope(i as u32, async move {
                    for _ in 0..5 {
                        assert_eq!(DEPTH.get(), i as u32);
                        App::yield_now().await;
                    }
                    NAME.scope("inner", async { (NAME.get(), DEPTH.get()) }).await
                }))
            });
            for (i, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.expect("it ends"), ("inner", i as u32));
            }
            assert!(DEPTH.try_with(|_| ()).is_err());
        });
    }

    #[test]
    fn scopes_nest_and_end_with_a_panic() {
        DEPTH.sync_scope(1, || {
            let inner = std::panic::catch_unwind(|| DEPTH.sync_scope(2, || panic!("at {}", DEPTH.get())));
            assert!(inner.is_err());
            assert_eq!(DEPTH.get(), 1);
        });
    }

    #[test]
    fn the_drop_of_the_future_has_the_value() {
        struct Reads(std::sync::mpsc::Sender<u32>);
        impl Drop for Reads {
            fn drop(&mut self) {
                let _ = self.0.send(DEPTH.get());
            }
        }
        let (send, receive) = std::sync::mpsc::channel();
        let reads = Reads(send);
        drop(DEPTH.scope(7, async move { drop(reads) }));
        assert_eq!(receive.recv(), Ok(7));
    }

    /// A pinned future whose memory is given back without its drop may still be linked somewhere (inv. 2).
    #[test]
    fn a_scope_that_is_dropped_while_its_value_is_lent_drops_its_future() {
        let alive = std::rc::Rc::new(());
        let held = std::rc::Rc::clone(&alive);
        let mut scope = std::boxed::Box::pin(DEPTH.scope(1, async move {
            let _held = held;
            core::future::pending::<()>().await;
        }));
        assert!(scope.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        DEPTH.sync_scope(2, || {
            DEPTH.with(|_| drop(scope));
            assert_eq!((std::rc::Rc::strong_count(&alive), DEPTH.get()), (1, 2));
        });
    }

    #[test]
    fn a_scope_is_not_entered_while_its_value_is_lent() {
        let entered = std::panic::catch_unwind(|| DEPTH.sync_scope(1, || DEPTH.with(|_| DEPTH.sync_scope(2, || ()))));
        let text = entered.expect_err("it is refused");
        assert!(text.downcast_ref::<&str>().expect("a text").contains("while `with` lends the value"));
        assert!(DEPTH.try_with(|_| ()).is_err());
    }

    #[test]
    #[should_panic(expected = "outside its scope")]
    fn a_value_outside_its_scope_is_refused() {
        DEPTH.get();
    }
}

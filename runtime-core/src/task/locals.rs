//! Task-local values: `task_local!`, [`LocalKey`].
//!
//! A value belongs to a future ([`LocalKey::scope`]) and is put into a thread-local cell while that future is polled. So it
//! follows the task, nests like a stack, and costs nothing where it is not used: the header of a task knows nothing of it.
//!
//! 1. Outside a poll of a scope's future, the cell holds what it held before: the swap is undone by a guard, also when the
//!    poll panics.

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
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> Scope<T, F> {
        Scope { key: self, value: Some(value), future: ManuallyDrop::new(future) }
    }

    /// Runs `f` with the value.
    pub fn sync_scope<R>(&'static self, value: T, f: impl FnOnce() -> R) -> R {
        let mut value = Some(value);
        let _restore = Restore::swap(self, &mut value);
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
}

impl<'a, T: 'static> Restore<'a, T> {
    fn swap(key: &'static LocalKey<T>, value: &'a mut Option<T>) -> Self {
        // While the thread ends the cell may be gone: then nobody can read it.
        let _ = key.cell.try_with(|cell| core::mem::swap(&mut *cell.borrow_mut(), value));
        Restore { key, value }
    }
}

impl<T: 'static> Drop for Restore<'_, T> {
    fn drop(&mut self) {
        // While the thread ends the cell may be gone, and the value with it.
        let _ = self.key.cell.try_with(|cell| core::mem::swap(&mut *cell.borrow_mut(), self.value));
    }
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
        let _restore = Restore::swap(this.key, &mut this.value);
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut *this.future) };
        future.poll(cx)
    }
}

impl<T: 'static, F> Drop for Scope<T, F> {
    /// The future's drop has the value, too. (A future that is pinned in place is dropped in place.)
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

    #[test]
    #[should_panic(expected = "outside its scope")]
    fn a_value_outside_its_scope_is_refused() {
        DEPTH.get();
    }
}

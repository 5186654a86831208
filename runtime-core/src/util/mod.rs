//! Small parts without a subject of their own: they know nothing of runtimes.

#[cfg(feature = "std")]
pub(crate) mod count;
pub(crate) mod dangling;
#[cfg(all(feature = "alloc", not(feature = "std")))]
pub(crate) mod flow;
#[cfg(feature = "alloc")]
pub mod link;
#[cfg(feature = "alloc")]
mod prefetch;
#[cfg(feature = "alloc")]
pub mod slab;
pub mod text;
#[cfg(feature = "alloc")]
pub mod wheel;

/// Ends the process at once, without unwinding, where a counter is about to overflow: going on would free memory that
/// is still in use.
#[cfg(feature = "alloc")]
#[cold]
#[inline(never)]
pub(crate) fn abort(why: &'static str) -> ! {
    #[cfg(feature = "std")]
    {
        std::eprintln!("fatal: {why}");
        std::process::abort()
    }
    #[cfg(not(feature = "std"))]
    {
        // A panic inside a drop that runs while panicking aborts on every target.
        struct Twice(&'static str);
        impl Drop for Twice {
            fn drop(&mut self) {
                panic!("{}", self.0)
            }
        }
        let _twice = Twice(why);
        panic!("{why}")
    }
}

/// Ends the process if it is dropped: where a panic must not pass.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub(crate) struct AbortOnUnwind;

#[cfg(feature = "alloc")]
impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        abort("a task panicked, and its runtime does not catch panics")
    }
}

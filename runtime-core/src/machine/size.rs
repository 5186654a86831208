//! The size of a function's future, without a call: `async_fn_size!` of the facade.

/// A function whose arguments are `A`, a tuple.
///
/// No reference to `A` is made, so the sizes of functions that borrow are known, too.
#[diagnostic::on_unimplemented(
    message = "`async_fn_size!` takes the path of a function with at most twelve arguments, and `{Self}` is none",
    label = "not such a function"
)]
pub trait Makes<A> {
    /// What it returns.
    type Made;
}

macro_rules! makes {
    ($($arg:ident)*) => {
        impl<F: Fn($($arg),*) -> R, R, $($arg),*> Makes<($($arg,)*)> for F {
            type Made = R;
        }
    };
}
makes!();
makes!(A0);
makes!(A0 A1);
makes!(A0 A1 A2);
makes!(A0 A1 A2 A3);
makes!(A0 A1 A2 A3 A4);
makes!(A0 A1 A2 A3 A4 A5);
makes!(A0 A1 A2 A3 A4 A5 A6);
makes!(A0 A1 A2 A3 A4 A5 A6 A7);
makes!(A0 A1 A2 A3 A4 A5 A6 A7 A8);
makes!(A0 A1 A2 A3 A4 A5 A6 A7 A8 A9);
makes!(A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 A10);
makes!(A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11);

/// The bytes of what a function returns.
pub const fn of<A, F: Makes<A>>(_function: &F) -> usize {
    size_of::<F::Made>()
}

/// The bytes of the future that a function makes, as a constant.
///
/// It takes the path of a function or method, generic parameters included: `async_fn_size!(serve)`,
/// `async_fn_size!(Counter::<u8>::add)`. Under `#[bespoke::async_fn]`, under rustc's `async fn`, or of one that returns a
/// future otherwise. Nothing is called.
///
/// ```ignore
/// #[bespoke::async_fn]
/// async fn serve(stream: TcpStream, buffer: [u8; 1024]) { /* … */ }
///
/// const _: () = assert!(bespoke::async_fn_size!(serve) <= 1280, "a connection takes no more than this");
/// ```
///
/// # Errors
///
/// At compile time, if it is no function, has more than twelve arguments, or has `impl Trait` arguments (which no path can
/// name).
#[macro_export]
macro_rules! async_fn_size {
    ($($function:tt)+) => {
        $crate::machine::size::of(&$($function)+)
    };
}

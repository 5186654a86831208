//! A suite on each driver: a module for each, with a test for each function.

#[cfg(target_os = "linux")]
#[path = "ring.rs"]
mod ring;

#[cfg(target_os = "linux")]
pub(crate) use ring::is_denied;

/// The ring of the kernel that runs.
#[cfg(target_os = "linux")]
pub(crate) struct Ring;

#[cfg(target_os = "linux")]
#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Ring {
    type Driver = bespoke::driver::IoUring;
}

/// Functions of the root, or of modules: `room: function, …;`. Each is generic over the config.
macro_rules! on_each_driver {
    (@ $([$($function:tt)+] $test:ident)+) => {
        mod mio { $( #[test] fn $test() { $($function)+::<bespoke::preset::Default>(); } )+ }
        mod blocking { $( #[test] fn $test() { $($function)+::<bespoke::preset::Blocking>(); } )+ }
        #[cfg(target_os = "linux")]
        mod io_uring { $( #[test] fn $test() {
            if !crate::each_driver::is_denied(concat!("io_uring::", stringify!($test))) {
                $($function)+::<crate::each_driver::Ring>();
            }
        } )+ }
    };
    ($($room:ident: $($test:ident),+;)+) => {
        on_each_driver! { @ $($( [crate::$room::$test] $test )+)+ }
    };
    ($($test:ident),+ $(,)?) => {
        on_each_driver! { @ $( [crate::$test] $test )+ }
    };
}

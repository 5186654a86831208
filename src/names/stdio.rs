//! A config's standard streams, and memory that is registered with its driver.

/// What the module `io` of a config holds.
#[doc(hidden)]
#[macro_export]
macro_rules! __stdio {
    ([$config:ty]) => {
        /// Memory that the driver of one worker knows. See `bespoke::rt::Registration`.
        pub type Registration = $crate::rt::Registration<$config>;
        /// The standard input of the process. See `bespoke::rt::Stdin`.
        #[cfg(unix)]
        pub type Stdin = $crate::rt::Stdin<$config>;
        /// The standard output of the process. See `bespoke::rt::Stdout`.
        #[cfg(unix)]
        pub type Stdout = $crate::rt::Stdout<$config>;
        /// The standard error of the process. See `bespoke::rt::Stderr`.
        #[cfg(unix)]
        pub type Stderr = $crate::rt::Stderr<$config>;

        /// The standard input. Does nothing before the first read.
        #[cfg(unix)]
        #[track_caller]
        #[must_use]
        pub fn stdin() -> Stdin
        where
            // As in `signal::signal`.
            for<'any> <$config as $crate::Config>::Driver: $crate::rt::Process + $crate::rt::Fs,
        {
            $crate::rt::stdin::<$config>()
        }

        /// The standard output.
        #[cfg(unix)]
        #[must_use]
        pub fn stdout() -> Stdout
        where
            for<'any> <$config as $crate::Config>::Driver: $crate::rt::Fs,
        {
            $crate::rt::stdout::<$config>()
        }

        /// The standard error.
        #[cfg(unix)]
        #[must_use]
        pub fn stderr() -> Stderr
        where
            for<'any> <$config as $crate::Config>::Driver: $crate::rt::Fs,
        {
            $crate::rt::stderr::<$config>()
        }

        /// Does not compile: there is no standard input on Windows yet.
        #[cfg(windows)]
        pub fn stdin()
        where
            for<'any> <$config as $crate::Config>::Driver: $crate::rt::Process,
        {
            $crate::rt::stdin::<$config>()
        }

        /// Does not compile: there is no standard output on Windows yet.
        #[cfg(windows)]
        pub fn stdout()
        where
            for<'any> <$config as $crate::Config>::Driver: $crate::rt::Process,
        {
            $crate::rt::stdout::<$config>()
        }

        /// Does not compile: there is no standard error on Windows yet.
        #[cfg(windows)]
        pub fn stderr()
        where
            for<'any> <$config as $crate::Config>::Driver: $crate::rt::Process,
        {
            $crate::rt::stderr::<$config>()
        }
    };
}

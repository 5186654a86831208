//! What can go wrong, whatever the driver.
//!
//! One table makes the enum, its texts, and the two conversions from and to `std`: a kind cannot be in one and not in another.

use core::fmt;

macro_rules! kinds {
    (
        named as in std { $($(#[$doc:meta])* $kind:ident $text:literal,)* }
        here only { $($(#[$own_doc:meta])* $own:ident $own_text:literal as $std:ident,)* }
    ) => {
        /// What went wrong: the same from every driver, with `std` and without.
        ///
        /// Most kinds have the names that they have in [`std::io::ErrorKind`](https://doc.rust-lang.org/std/io/enum.ErrorKind.html),
        /// and convert from and to them. `std` has no word for the others: [`Cancelled`](Self::Cancelled),
        /// [`TooManyOpenFiles`](Self::TooManyOpenFiles), [`RuntimeClosed`](Self::RuntimeClosed) and [`Full`](Self::Full); they
        /// become the nearest kind that it has, and come back as themselves from an error that this runtime made.
        ///
        /// With the feature `std`, `ErrorKind::from(&error)` says the kind of an `io::Error`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $kind,)*
            $($(#[$own_doc])* $own,)*
        }

        impl ErrorKind {
            /// All of them, at the place of their discriminants.
            pub(super) const ALL: &[ErrorKind] = &[$(ErrorKind::$kind,)* $(ErrorKind::$own,)*];

            pub(super) const fn text(self) -> &'static str {
                match self {
                    $(ErrorKind::$kind => $text,)*
                    $(ErrorKind::$own => $own_text,)*
                }
            }
        }

        #[cfg(feature = "std")]
        impl From<std::io::ErrorKind> for ErrorKind {
            /// [`Other`](Self::Other) for what has no name here.
            fn from(kind: std::io::ErrorKind) -> Self {
                match kind {
                    $(std::io::ErrorKind::$kind => ErrorKind::$kind,)*
                    _ => ErrorKind::Other,
                }
            }
        }

        #[cfg(feature = "std")]
        impl From<ErrorKind> for std::io::ErrorKind {
            fn from(kind: ErrorKind) -> Self {
                match kind {
                    $(ErrorKind::$kind => std::io::ErrorKind::$kind,)*
                    $(ErrorKind::$own => std::io::ErrorKind::$std,)*
                }
            }
        }
    };
}

kinds! {
    named as in std {
        /// There is no such thing: a file, the path of a socket.
        NotFound "not found",
        /// Not allowed.
        PermissionDenied "permission denied",
        /// Nobody listens there.
        ConnectionRefused "connection refused",
        /// The peer ended the connection without waiting for what was under way.
        ConnectionReset "connection reset",
        /// This side's system ended the connection.
        ConnectionAborted "connection aborted",
        /// There is no connection.
        NotConnected "not connected",
        /// The host cannot be reached.
        HostUnreachable "host unreachable",
        /// The network cannot be reached.
        NetworkUnreachable "network unreachable",
        /// The network is down.
        NetworkDown "network down",
        /// The address is taken.
        AddrInUse "address in use",
        /// The address is none of this machine's.
        AddrNotAvailable "address not available",
        /// Nobody reads what is written.
        BrokenPipe "broken pipe",
        /// There is something of that name.
        AlreadyExists "already exists",
        /// It would have to wait.
        WouldBlock "it would have to wait",
        /// A part of the path is no directory.
        NotADirectory "not a directory",
        /// It is a directory.
        IsADirectory "is a directory",
        /// The directory is not empty.
        DirectoryNotEmpty "directory not empty",
        /// The file system takes no changes.
        ReadOnlyFilesystem "read-only file system",
        /// The file is no longer on the server.
        StaleNetworkFileHandle "stale network file handle",
        /// What was asked for makes no sense.
        InvalidInput "invalid input",
        /// What came makes no sense.
        InvalidData "invalid data",
        /// The time was up.
        TimedOut "timed out",
        /// The writer took nothing.
        WriteZero "the writer took nothing",
        /// No room is left where it was written to.
        StorageFull "no room is left",
        /// It has no positions: a pipe, say.
        NotSeekable "it has no positions",
        /// The share of this user is used up.
        QuotaExceeded "quota exceeded",
        /// Larger than a file may be.
        FileTooLarge "file too large",
        /// Somebody uses it.
        ResourceBusy "resource busy",
        /// The program runs.
        ExecutableFileBusy "the program runs",
        /// To wait would be to wait for oneself.
        Deadlock "deadlock",
        /// From one file system to another.
        CrossesDevices "it is on another file system",
        /// More links than the file system counts.
        TooManyLinks "too many links",
        /// Not a name that the file system takes.
        InvalidFilename "invalid file name",
        /// More arguments than a program takes.
        ArgumentListTooLong "argument list too long",
        /// A signal came first.
        Interrupted "interrupted",
        /// The part does not do this: the config chose one that starts no threads, say.
        Unsupported "not supported by a part of this runtime's configuration",
        /// The end came too soon.
        UnexpectedEof "the end came too soon",
        /// No memory, or none left of the budget.
        OutOfMemory "out of memory",
        /// None of the others. [`code`](super::Error::code) has the system's word, if it was the system.
        Other "another error",
    }
    here only {
        /// Somebody gave it up: the task was aborted, or its runtime closed.
        Cancelled "cancelled" as Other,
        /// The process, or the machine, has as many descriptors open as it may.
        TooManyOpenFiles "too many open files" as Other,
        /// The runtime that owned this is gone.
        RuntimeClosed "the runtime that owned this is closed" as BrokenPipe,
        /// A queue with a bound is full.
        Full "the queue is full" as ResourceBusy,
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What the system means by `code`.
#[cfg(feature = "std")]
#[cold]
pub(super) fn of_code(code: i32) -> ErrorKind {
    // `std` knows each system's numbers, but has no stable name for these. `ENFILE` and `EMFILE` have been 23 and 24 on every
    // Unix since the Seventh Edition; on Windows `ERROR_TOO_MANY_OPEN_FILES` and `WSAEMFILE` are 4 and 10024.
    let too_many: &[i32] = if cfg!(unix) {
        &[23, 24]
    } else if cfg!(windows) {
        &[4, 10_024]
    } else {
        &[]
    };
    if too_many.contains(&code) {
        return ErrorKind::TooManyOpenFiles;
    }
    std::io::Error::from_raw_os_error(code).kind().into()
}

/// The system's numbers mean nothing without the system's name: whoever knows it says the kind.
#[cfg(not(feature = "std"))]
pub(super) const fn of_code(_: i32) -> ErrorKind {
    ErrorKind::Other
}

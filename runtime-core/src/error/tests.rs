use super::{Errno, Error, ErrorKind};
use core::num::NonZeroI32;
use std::string::ToString as _;

#[test]
fn every_kind_lies_at_its_discriminant_and_comes_back_from_its_code() {
    for (at, kind) in ErrorKind::ALL.iter().enumerate() {
        assert_eq!(*kind as usize, at);
        let errno = Errno::of(*kind);
        let error = Error::from(errno);
        assert_eq!((error.kind(), error.code()), (*kind, None));
        assert_eq!(errno.to_string(), error.to_string());
        assert!(!kind.to_string().is_empty());
    }
    assert!(ErrorKind::ALL.len() < 1 << 10, "the codes of the runtime begin above the kinds");
}

#[test]
fn the_codes_of_the_runtime_are_none_of_the_systems() {
    for (errno, kind) in [
        (Errno::RUNTIME_CLOSED, ErrorKind::RuntimeClosed),
        (Errno::OUT_OF_MEMORY, ErrorKind::OutOfMemory),
        (Errno::NO_THREADS, ErrorKind::Unsupported),
        (Errno::QUEUE_FULL, ErrorKind::Full),
    ] {
        let error = Error::from(errno);
        assert_eq!((error.kind(), error.code()), (kind, None), "{errno:?}");
    }
    // Codes of a system, the odd ones too: none lies among the kinds.
    for code in [1, 2, 104, 10_061, i32::MAX, -1, -1_073_741_790] {
        assert_eq!(Error::from(Errno::new(code).unwrap()).code(), Some(code));
    }
}

#[test]
fn who_knows_the_system_says_the_kind() {
    let code = NonZeroI32::new(7).unwrap();
    let error = Error::with_code(ErrorKind::ConnectionReset, code);
    assert_eq!((error.kind(), error.code()), (ErrorKind::ConnectionReset, Some(7)));
}

mod with_std {
    use super::super::{Error, ErrorKind, in_context};
    use std::io;
    use std::string::ToString as _;

    /// Says more than its cause.
    #[derive(Debug)]
    struct Because(io::Error);

    impl core::fmt::Display for Because {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            write!(f, "because: {}", self.0)
        }
    }

    impl core::error::Error for Because {
        fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_code_of_a_cause_of_the_same_kind_is_read() {
        // On Unix and on Windows: there is no such file.
        let cause = || io::Error::from_raw_os_error(2);
        let told = io::Error::new(io::ErrorKind::NotFound, Because(cause()));
        assert_eq!(Error::from(told), Error::from(cause()));
        // Of another kind: it is not that which went wrong.
        let late = Error::from(io::Error::new(io::ErrorKind::TimedOut, Because(cause())));
        assert_eq!((late.kind(), late.code()), (ErrorKind::TimedOut, None));
    }

    #[test]
    fn kinds_of_std_come_back() {
        for kind in ErrorKind::ALL {
            let there = io::ErrorKind::from(*kind);
            let back = ErrorKind::from(there);
            match kind {
                ErrorKind::Cancelled | ErrorKind::TooManyOpenFiles => assert_eq!(there, io::ErrorKind::Other),
                ErrorKind::RuntimeClosed => assert_eq!(back, ErrorKind::BrokenPipe),
                ErrorKind::Full => assert_eq!(back, ErrorKind::ResourceBusy),
                kind => assert_eq!(back, *kind),
            }
            // As a whole error, each is itself again.
            assert_eq!(ErrorKind::from(&io::Error::from(Error::new(*kind))), *kind);
        }
    }

    #[test]
    fn what_was_tried_hides_neither_kind_nor_code() {
        for inner in [io::Error::from_raw_os_error(24), io::Error::from(Error::new(ErrorKind::RuntimeClosed))] {
            let (kind, text, error) = (inner.kind(), inner.to_string(), Error::from(&inner));
            let said = in_context(in_context(inner, "cannot open a door"), "cannot go");
            assert_eq!(said.kind(), kind);
            assert_eq!(said.to_string(), std::format!("cannot go: cannot open a door: {text}"));
            assert_eq!(Error::from(said), error);
        }
    }

    #[cfg(unix)]
    #[test]
    fn std_has_no_name_for_too_many_open_files() {
        assert_eq!(ErrorKind::from(&io::Error::from_raw_os_error(24)), ErrorKind::TooManyOpenFiles);
        assert_eq!(ErrorKind::from(&io::Error::from_raw_os_error(23)), ErrorKind::TooManyOpenFiles);
    }
}

#[test]
fn a_cause_is_told_with_the_code_also_as_an_error_of_the_library() {
    let refused = Error::system(NonZeroI32::new(1).unwrap());
    let told = refused.because("a filter denies it; ask for it there");
    assert_eq!((told.code(), told.why()), (Some(1), Some("a filter denies it; ask for it there")));
    assert_eq!(told.to_string(), std::format!("{refused}: a filter denies it; ask for it there"));
    let error = std::io::Error::from(told);
    assert_eq!(error.to_string(), told.to_string());
    assert_eq!(std::io::Error::from(refused).raw_os_error(), Some(1), "without a cause the code says it all");
}

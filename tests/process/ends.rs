//! How children end, and who hears of it.

use crate::support::{PATIENCE, Tested, run, sh, soon};
use bespoke::prelude::*;
use core::pin::pin;
use core::task::{Context, Waker};
use core::time::Duration;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

pub(crate) fn exit_codes<C: Tested>() {
    run::<C, _>(async {
        for code in [0, 1, 7, 255] {
            let status = sh::<C>(&format!("exit {code}")).status().await.unwrap();
            assert_eq!((status.code(), status.success()), (Some(code), code == 0));
        }
    });
}

pub(crate) fn deaths_by_signal<C: Tested>() {
    run::<C, _>(async {
        for signal in [libc::SIGTERM, libc::SIGKILL, libc::SIGUSR1] {
            let status = sh::<C>(&format!("kill -{signal} $$; exec sleep 1000")).status().await.unwrap();
            assert_eq!((status.signal(), status.code()), (Some(signal), None));
        }
    });
}

pub(crate) fn kill_ends_it<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exec sleep 1000").spawn().unwrap();
        child.kill().await.unwrap();
        assert_eq!(child.try_wait().unwrap().unwrap().signal(), Some(libc::SIGKILL));

        let mut child = sh::<C>("exec sleep 1000").spawn().unwrap();
        assert_eq!(child.try_wait().unwrap(), None);
        child.start_kill().unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));
    });
}

pub(crate) fn killing_the_dead_is_nothing<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exit 2").spawn().unwrap();
        let pid = child.id().unwrap();
        zombie(pid);
        child.start_kill().unwrap();
        assert_eq!(child.wait().await.unwrap().code(), Some(2));
        child.start_kill().unwrap();
        child.kill().await.unwrap();
        assert_eq!(child.wait().await.unwrap().code(), Some(2));
    });
}

/// Waits until it has ended, and leaves its status.
fn zombie(pid: u32) {
    let mut info = core::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: `info` is live and writable.
    let ended = unsafe { libc::waitid(libc::P_PID, pid, info.as_mut_ptr(), libc::WEXITED | libc::WNOWAIT) };
    assert_eq!(ended, 0, "{}", std::io::Error::last_os_error());
}

pub(crate) fn a_wait_that_is_dropped_and_repeated<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("read line; exit 9").stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        for _ in 0..20 {
            let mut wait = pin!(child.wait());
            assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        for _ in 0..3 {
            assert!(C::timeout(Duration::from_millis(1), child.wait()).await.is_err());
        }
        drop(input);
        for _ in 0..3 {
            assert_eq!(C::timeout(PATIENCE, child.wait()).await.unwrap().unwrap().code(), Some(9));
        }
    });
}

/// An end that comes while nobody waits is heard of, also when the driver was told of it in between.
pub(crate) fn a_wait_beside_other_work<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("read line; exit 9").stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        assert!(C::timeout(Duration::from_millis(1), child.wait()).await.is_err());
        drop(input);
        zombie(child.id().unwrap());
        for _ in 0..10 {
            C::sleep(Duration::from_millis(1)).await; // the driver is asked, and tells
        }
        assert_eq!(C::timeout(PATIENCE, child.wait()).await.unwrap().unwrap().code(), Some(9));
    });
}

pub(crate) fn the_number_is_gone_after_the_end<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exit 0").spawn().unwrap();
        let pid = child.id().unwrap();
        assert!(format!("{child:?}").contains(&pid.to_string()));
        child.wait().await.unwrap();
        assert_eq!(child.id(), None);
        assert_eq!(format!("{child:?}"), "Child(ExitStatus(unix_wait_status(0)))");
    });
}

pub(crate) fn a_status_that_somebody_else_took<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exit 0").spawn().unwrap();
        let pid = child.id().unwrap();
        // SAFETY: null says that the status is not wanted.
        let taken = unsafe { libc::waitpid(pid.try_into().unwrap(), core::ptr::null_mut(), 0) };
        assert_eq!(taken, i32::try_from(pid).unwrap());
        for _ in 0..2 {
            let lost = child.wait().await.unwrap_err();
            assert_eq!(bespoke::Error::from(&lost).code(), Some(libc::ECHILD), "{lost:?}");
            assert!(lost.to_string().contains("taken by somebody else"), "{lost}");
        }
        // The number may be another's: nobody is signalled. Nor is one who was not asked before.
        let mut other = sh::<C>("exit 0").spawn().unwrap();
        let pid = other.id().unwrap();
        // SAFETY: as above.
        unsafe { libc::waitpid(pid.try_into().unwrap(), core::ptr::null_mut(), 0) };
        assert_eq!(bespoke::Error::from(other.start_kill().unwrap_err()).code(), Some(libc::ECHILD));
        assert_eq!(other.id(), None);
        assert_eq!(child.id(), None);
        assert_eq!(bespoke::Error::from(child.start_kill().unwrap_err()).code(), Some(libc::ECHILD));
    });
}

pub(crate) fn a_wait_in_another_runtime<C: Tested>() {
    let mut child = run::<C, _>(async {
        let mut child = sh::<C>("exec sleep 1000").spawn().unwrap();
        assert!(C::timeout(Duration::from_millis(1), child.wait()).await.is_err());
        child
    });
    run::<C, _>(async {
        if !<C::Driver as bespoke::driver::Driver>::STATELESS {
            let closed = child.wait().await.unwrap_err();
            assert_eq!(closed.kind(), std::io::ErrorKind::BrokenPipe);
        }
        child.start_kill().unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));
    });
    soon("the number is gone", || child.id().is_none());
}

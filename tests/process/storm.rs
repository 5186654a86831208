//! Children whose ends are lost among signals.

use crate::support::{Tested, exists, in_a_process_of_its_own, run, sh};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::time::Instant;

/// RELIABILITY A20: while `SIGCHLD` comes ten thousand times a second each child is heard of, and reaped once.
/// `BESPOKE_DEEP=1`: for half a minute.
pub(crate) fn each_child_is_reaped_once_in_a_storm_of_sigchld<C: Tested>() {
    if !in_a_process_of_its_own::<C>("each_child_is_reaped_once_in_a_storm_of_sigchld") {
        return;
    }
    let deep = std::env::var_os("BESPOKE_DEEP").is_some_and(|deep| deep == "1");
    let (rounds, at_least) = if deep { (usize::MAX, Duration::from_secs(30)) } else { (12, Duration::ZERO) };
    let (begin, over) = (Instant::now(), AtomicBool::new(false));
    let raised = std::thread::scope(|scope| {
        let storm = scope.spawn(|| {
            let me = std::process::id().try_into().unwrap();
            let mut raised = 0_u32;
            while !over.load(Ordering::Relaxed) {
                // SAFETY: takes integers only; the default is that nothing happens.
                assert_eq!(unsafe { libc::kill(me, libc::SIGCHLD) }, 0);
                raised += 1;
                while begin.elapsed() < Duration::from_micros(100) * raised && !over.load(Ordering::Relaxed) {
                    core::hint::spin_loop();
                }
            }
            raised
        });
        run::<C, _>(async {
            let mut round = 0;
            while round < rounds && (round < 12 || begin.elapsed() < at_least) {
                let mut children: Vec<_> =
                    (0..8).map(|code| sh::<C>(&format!("exit {code}")).spawn().unwrap()).collect();
                // Another order than that of their ends.
                for (code, child) in children.iter_mut().enumerate().rev() {
                    let pid = child.id().unwrap();
                    assert_eq!(child.wait().await.unwrap().code(), i32::try_from(code).ok(), "round {round}");
                    assert!(!exists(pid), "a zombie");
                }
                round += 1;
            }
        });
        over.store(true, Ordering::Relaxed);
        storm.join().unwrap()
    });
    assert!(raised > 100, "too few signals to show anything: {raised}");
    // SAFETY: null says that the status is not wanted.
    let none = unsafe { libc::waitpid(-1, core::ptr::null_mut(), libc::WNOHANG) };
    assert_eq!((none, std::io::Error::last_os_error().raw_os_error()), (-1, Some(libc::ECHILD)), "a child is left");
}

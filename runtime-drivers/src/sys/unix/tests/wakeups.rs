use core::time::Duration;

use super::super::nudge::Nudge;
use super::super::poll::{Interest, poll_ready};
use super::{PATIENCE, is_close_on_exec, is_nonblocking};

/// The system's own kind, the pipe that stands in where that is denied, and the one of other systems.
fn kinds() -> [Nudge; 3] {
    [Nudge::new().unwrap(), Nudge::pipe().unwrap(), Nudge::pipe_in_steps().unwrap()]
}

#[test]
fn many_nudges_are_one() {
    for nudge in kinds() {
        assert!(is_close_on_exec(nudge.fd()) && is_nonblocking(nudge.fd()));
        assert_eq!(nudge.drain(), Ok(false));
        // Far more than a pipe holds: neither an error nor a wait.
        for _ in 0..20_000 {
            nudge.nudge().unwrap();
        }
        assert!(poll_ready(nudge.fd(), Interest::Read, Some(Duration::ZERO)).unwrap());
        assert_eq!(nudge.drain(), Ok(true));
        assert!(!poll_ready(nudge.fd(), Interest::Read, Some(Duration::ZERO)).unwrap());
        assert_eq!(nudge.drain(), Ok(false));
    }
}

#[test]
fn a_pipe_filled_to_a_whole_number_of_reads() {
    let nudge = Nudge::pipe_in_steps().unwrap();
    for _ in 0..64 {
        nudge.nudge().unwrap();
    }
    assert_eq!(nudge.drain(), Ok(true));
    assert_eq!(nudge.drain(), Ok(false));
}

#[test]
fn another_thread_ends_a_wait() {
    for nudge in kinds() {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(10));
                nudge.nudge().unwrap();
            });
            assert!(poll_ready(nudge.fd(), Interest::Read, PATIENCE).unwrap());
        });
        assert_eq!(nudge.drain(), Ok(true));
    }
}

//! What a shutdown leaves behind.

use alloc::boxed::Box;
use core::fmt;

/// What was still going on when a runtime closed: for a line in the log. It is clean if nothing was.
///
/// Yielded by [`shutdown_timeout`](super::Runtime::shutdown_timeout) and
/// [`shutdown_background`](super::Runtime::shutdown_background). Nothing has to be done about it: what is left ends by itself,
/// or with the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shutdown {
    /// Operations that were cancelled and came to their end in time.
    pub cancelled_ops: usize,
    /// Operations that the system still held when the time was over. Their buffers are leaked, never freed.
    pub leaked_ops: usize,
    /// Blocking jobs that still ran. Their threads end after them; what they return is dropped, or goes to their handles.
    pub running_jobs: usize,
    /// Tasks whose thread was still busy, under a scheduler that gives every task a thread. They end when they next wait.
    pub running_tasks: usize,
    /// Workers that still ran, under a scheduler that starts threads for them: inside a poll that did not return, or in the
    /// close of what is theirs. They end when they next look around. [`workers`](Self::workers) says which they are.
    pub running_workers: usize,
    /// Calls of what a watchdog tells of polls that hold a worker
    /// ([`OnBlocked`](crate::roles::OnBlocked)) which had not returned. The thread ends when they do.
    pub running_hooks: usize,
    /// Which workers are counted, in order.
    pub(crate) workers: Box<[usize]>,
}

impl Shutdown {
    /// The numbers of the workers that still ran, in order: as many as `running_workers` says. They are those of
    /// [`Handle::spawn_on`](super::Handle::spawn_on) and of `Metrics::workers`, and the end of the names of
    /// their threads, of which Linux shows the first fifteen bytes.
    #[must_use]
    pub fn workers(&self) -> &[usize] {
        &self.workers
    }

    /// Is nothing left?
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let workers = self.running_workers == 0 && self.running_hooks == 0;
        workers && self.leaked_ops == 0 && self.running_jobs == 0 && self.running_tasks == 0
    }
}

impl fmt::Display for Shutdown {
    /// What is left, in words: `1 operation leaked, 2 blocking jobs still run, worker 3 still runs`; or `clean`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("clean");
        }
        let before = [
            (self.leaked_ops, "operation leaked", "operations leaked"),
            (self.running_jobs, "blocking job still runs", "blocking jobs still run"),
            (self.running_tasks, "task still runs", "tasks still run"),
        ];
        let mut between = "";
        for (count, one, many) in before {
            if count > 0 {
                write!(f, "{between}{count} {}", if count == 1 { one } else { many })?;
                between = ", ";
            }
        }
        if let Some((last, others)) = self.workers.split_last() {
            write!(f, "{between}{}", if others.is_empty() { "worker " } else { "workers " })?;
            for (n, other) in others.iter().enumerate() {
                write!(f, "{}{other}", if n == 0 { "" } else { ", " })?;
            }
            let (and, run) = if others.is_empty() { ("", "runs") } else { (" and ", "run") };
            write!(f, "{and}{last} still {run}")?;
            between = ", ";
        }
        match self.running_hooks {
            0 => Ok(()),
            1 => write!(f, "{between}1 report of the watchdog still runs"),
            many => write!(f, "{between}{many} reports of the watchdog still run"),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Shutdown;
    use std::string::ToString;

    #[test]
    fn a_shutdown_tells_what_is_left() {
        let clean = || Shutdown { cancelled_ops: 3, ..Shutdown::default() };
        assert!(clean().is_clean());
        assert_eq!(clean().to_string(), "clean");
        let left = Shutdown { leaked_ops: 1, running_jobs: 2, ..clean() };
        assert!(!left.is_clean());
        assert_eq!(left.to_string(), "1 operation leaked, 2 blocking jobs still run");
        let left = Shutdown { running_tasks: 1, ..clean() };
        assert_eq!(left.to_string(), "1 task still runs");
        let left = |workers: &[usize]| Shutdown { running_workers: workers.len(), workers: workers.into(), ..clean() };
        assert_eq!((left(&[0]).is_clean(), left(&[0]).to_string()), (false, "worker 0 still runs".into()));
        assert_eq!(left(&[0, 5]).to_string(), "workers 0 and 5 still run");
        assert_eq!(left(&[1, 2, 7]).to_string(), "workers 1, 2 and 7 still run");
        let left = Shutdown { running_jobs: 1, running_hooks: 1, ..left(&[4]) };
        assert_eq!(
            left.to_string(),
            "1 blocking job still runs, worker 4 still runs, 1 report of the watchdog still runs"
        );
    }
}

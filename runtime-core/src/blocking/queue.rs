//! The jobs that wait for a thread, oldest first: a list through the jobs themselves, so that nothing is allocated under
//! the pool's lock, and nothing is left of a burst.

use super::job::{Header, Job};
use core::ptr::NonNull;

/// A list of jobs, first in, first out.
///
/// 1. `last` names the last job that `first` leads to, and is used only while `first` is filled.
/// 2. The links belong to the list: no job is in two.
#[derive(Debug, Default)]
pub(super) struct Queue {
    first: Option<Job>,
    last: Option<NonNull<Header>>,
    len: usize,
}

// SAFETY: `last` is a name of a job that the list owns, and jobs are `Send`.
unsafe impl Send for Queue {}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, job: Job) {
        self.len += 1;
        let name = NonNull::from(job.header());
        match self.last.replace(name) {
            Some(last) if self.first.is_some() => {
                // SAFETY: invariant 1: the list owns the job.
                let next = unsafe { &last.as_ref().next };
                // SAFETY: invariant 2: whoever has the list alone has the links alone.
                next.with_mut(|next| unsafe { *next = Some(job) });
            }
            _ => self.first = Some(job),
        }
    }

    pub(super) fn pop(&mut self) -> Option<Job> {
        let job = self.first.take()?;
        self.len -= 1;
        // SAFETY: invariant 2.
        self.first = job.header().next.with_mut(|next| unsafe { (*next).take() });
        Some(job)
    }
}

impl Iterator for Queue {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        self.pop()
    }
}

impl Drop for Queue {
    /// Gives up the jobs one by one: through the links it would be a recursion.
    fn drop(&mut self) {
        for job in self {
            drop(job);
        }
    }
}

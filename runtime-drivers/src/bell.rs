//! What a worker sleeps on whose driver asks the system for nothing: rung by any thread, heard by the worker.

use bespoke_core::roles::{Nanos, Park};
use core::time::Duration;
use std::sync::{Condvar, Mutex, PoisonError};

/// Rung once, heard once.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    /// Ends the wait, or the next one, if nobody waits.
    pub(crate) fn ring(&self) {
        // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.heard.notify_one();
    }

    /// Waits for a ring, as long as `park` says. It may end early; the worker looks at its timers and comes back.
    pub(crate) fn wait(&self, park: Park) {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        rung = match park {
            Park::Poll => rung,
            Park::Forever => self.heard.wait_while(rung, |rung| !*rung).unwrap_or_else(PoisonError::into_inner),
            Park::Until(Nanos(nanos)) if !*rung => {
                let waited = self.heard.wait_timeout(rung, Duration::from_nanos(nanos));
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            Park::Until(_) => rung,
        };
        *rung = false;
    }
}

//! Advice on a config that is legal and odd: `Runtime::<C>::ADVICE`. What is wrong is an error of the compiler
//! ([`check`](crate::check)); what is here works, and may not be what its author expects.

use crate::config::Config;
use crate::roles::{Driver, Threads};
use core::fmt;
use core::time::Duration;

/// What a knob was set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// A count.
    Count(u64),
    /// A time.
    Time(Duration),
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting::Count(n) => write!(f, "{n}"),
            Setting::Time(time) => write!(f, "{time:?}"),
        }
    }
}

/// One piece of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The name of the advice: for a program that wants to leave it out of its log.
    pub name: &'static str,
    /// The knob.
    pub knob: &'static str,
    /// What it is set to.
    pub setting: Setting,
    /// What follows, and what to do.
    pub advice: &'static str,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}: {} ({})", self.knob, self.setting, self.advice, self.name)
    }
}

/// What is odd about a config; nothing, for most. Shown one line a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    notes: [Option<Note>; RULES],
}

const RULES: usize = 9;

/// Above this a busy worker is deaf for as long as many polls take.
const EVENT_INTERVAL_MAX: u32 = 1024;
/// Below this a busy worker spends its time asking: a look is a system call of about 0.3 µs, a poll takes a hundredth of that.
const EVENT_INTERVAL_MIN: u32 = 8;
/// Below this a task that has much to read is queued again after every few calls.
const POLL_BUDGET_MIN: u32 = 8;
/// Sleeps and timeouts of programs begin at a few milliseconds.
const TIMER_SLACK_MAX: Duration = Duration::from_millis(10);
/// Starting a thread takes some ten microseconds, and a machine gets busy by threads that come and go.
const KEEP_ALIVE_MIN: Duration = Duration::from_millis(10);
/// Supervisors kill what has not ended after less.
const SHUTDOWN_MAX: Duration = Duration::from_secs(60);
/// Eight bytes each, taken when the runtime starts.
const LOCAL_QUEUE_MAX: usize = 1 << 20;

impl Advice {
    /// The advice on `C`.
    #[must_use]
    pub const fn of<C: Config>() -> Advice {
        let suspends = <C::Driver as Driver>::CAPS.suspends;
        let pool = C::BLOCKING_THREADS_MAX > 0;
        Advice {
            notes: [
                note(
                    C::EVENT_INTERVAL > EVENT_INTERVAL_MAX,
                    "event-interval-high",
                    "EVENT_INTERVAL",
                    Setting::Count(C::EVENT_INTERVAL as u64),
                    "a busy worker sees sockets, timers and other threads only after so many polls; 61 is usual",
                ),
                note(
                    suspends && C::EVENT_INTERVAL < EVENT_INTERVAL_MIN,
                    "event-interval-low",
                    "EVENT_INTERVAL",
                    Setting::Count(C::EVENT_INTERVAL as u64),
                    "a busy worker makes a system call every so many polls, which costs more than the polls; 61 is usual",
                ),
                note(
                    C::POLL_BUDGET == u32::MAX,
                    "no-budget",
                    "POLL_BUDGET",
                    Setting::Count(C::POLL_BUDGET as u64),
                    "a task whose socket is always ready keeps all others waiting; 128 is usual",
                ),
                note(
                    C::POLL_BUDGET < POLL_BUDGET_MIN,
                    "budget-low",
                    "POLL_BUDGET",
                    Setting::Count(C::POLL_BUDGET as u64),
                    "a task is queued again after so few operations; 128 is usual",
                ),
                note(
                    longer(C::TIMER_SLACK, TIMER_SLACK_MAX),
                    "timer-slack-high",
                    "TIMER_SLACK",
                    Setting::Time(C::TIMER_SLACK),
                    "every sleep, timeout and interval may be late by as much; 125 µs is usual",
                ),
                note(
                    !pool && C::Threads::MAY_START,
                    "no-blocking-threads",
                    "BLOCKING_THREADS_MAX",
                    Setting::Count(0),
                    "names cannot be looked up and files cannot be read under drivers that leave both to blocking threads",
                ),
                note(
                    pool && longer(KEEP_ALIVE_MIN, C::BLOCKING_KEEP_ALIVE),
                    "keep-alive-short",
                    "BLOCKING_KEEP_ALIVE",
                    Setting::Time(C::BLOCKING_KEEP_ALIVE),
                    "a thread is started anew for almost every blocking job; 10 s is usual",
                ),
                note(
                    longer(C::SHUTDOWN_TIMEOUT, SHUTDOWN_MAX),
                    "shutdown-long",
                    "SHUTDOWN_TIMEOUT",
                    Setting::Time(C::SHUTDOWN_TIMEOUT),
                    "a program that ends may hang for as long on one blocking job; 1 s is usual",
                ),
                note(
                    C::LOCAL_QUEUE > LOCAL_QUEUE_MAX,
                    "local-queue-large",
                    "LOCAL_QUEUE",
                    Setting::Count(C::LOCAL_QUEUE as u64),
                    "as many times eight bytes are taken for each worker; what is full grows, or gives to all; 256 is usual",
                ),
            ],
        }
    }

    /// Is nothing odd? In a `const _`, a program can insist on it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let mut at = 0;
        while at < RULES {
            if self.notes[at].is_some() {
                return false;
            }
            at += 1;
        }
        true
    }

    /// The notes.
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().flatten()
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.notes().peekable();
        while let Some(note) = lines.next() {
            write!(f, "{note}")?;
            if lines.peek().is_some() {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

const fn note(
    applies: bool,
    name: &'static str,
    knob: &'static str,
    setting: Setting,
    advice: &'static str,
) -> Option<Note> {
    if applies { Some(Note { name, knob, setting, advice }) } else { None }
}

/// `a > b`, while the compiler runs.
const fn longer(a: Duration, b: Duration) -> bool {
    a.as_nanos() > b.as_nanos()
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests {
    use super::*;
    use crate::testing::App;
    use std::string::ToString;
    use std::vec::Vec;

    /// A config that is odd in one way.
    macro_rules! odd {
        ($name:literal: $($item:tt)*) => {{
            struct Odd;
            impl Config for Odd {
                type Scheduler = <App as Config>::Scheduler;
                type Driver = <App as Config>::Driver;
                type Memory = <App as Config>::Memory;
                type Clock = <App as Config>::Clock;
                type Entropy = <App as Config>::Entropy;
                type Threads = crate::roles::OsThreads;
                type Topology = <App as Config>::Topology;
                type Watchdog = crate::roles::Unwatched;
                const NAME: &'static str = "Odd";
                const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: crate::config::Sealed = crate::config::Sealed::BY_MACRO;
                $($item)*
            }
            const ADVICE: Advice = Advice::of::<Odd>();
            let names: Vec<_> = ADVICE.notes().map(|note| note.name).collect();
            assert_eq!(names, [$name]);
            assert!(!ADVICE.is_empty());
            ADVICE.to_string()
        }};
    }

    #[test]
    fn each_oddity_has_its_note() {
        let text = odd!("event-interval-high": const EVENT_INTERVAL: u32 = 5000;);
        assert!(text.starts_with("EVENT_INTERVAL is 5000: a busy worker"), "{text}");
        odd!("event-interval-low": const EVENT_INTERVAL: u32 = 1;);
        odd!("no-budget": const POLL_BUDGET: u32 = u32::MAX;);
        odd!("budget-low": const POLL_BUDGET: u32 = 7;);
        let text = odd!("timer-slack-high": const TIMER_SLACK: Duration = Duration::from_millis(20););
        assert!(text.starts_with("TIMER_SLACK is 20ms: "), "{text}");
        odd!("no-blocking-threads": const BLOCKING_THREADS_MAX: usize = 0;);
        odd!("keep-alive-short": const BLOCKING_KEEP_ALIVE: Duration = Duration::from_millis(1););
        odd!("shutdown-long": const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(61););
        odd!("local-queue-large": const LOCAL_QUEUE: usize = 1 << 21;);
    }

    #[test]
    fn the_usual_values_ask_for_no_advice() {
        const ADVICE: Advice = Advice::of::<App>();
        const { assert!(ADVICE.is_empty()) };
        assert_eq!(ADVICE.to_string(), "");
    }
}

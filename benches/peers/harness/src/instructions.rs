//! Instructions that this process has retired, counted by the processor (perf_event_open(2)): to the instruction, at full speed,
//! and with what a runtime leaves to the kernel. A virtual machine may have no such counter, and a kernel may keep its own part to
//! itself (`kernel.perf_event_paranoid` above 1).

use core::fmt;

use perf_event::events::Hardware;
use perf_event::{Builder, Counter};

/// Two counters that run. Threads that this thread starts later are counted with it, and so are those that they start.
pub(crate) struct Instructions {
    user: Counter,
    /// With the kernel's.
    all: Option<Counter>,
}

impl Instructions {
    /// Counts from here on; `None` where the machine does not.
    pub(crate) fn start() -> Option<Self> {
        Some(Self { user: counter(false)?, all: counter(true) })
    }

    /// What was retired so far, in user space and with the kernel's.
    pub(crate) fn read(&mut self) -> Retired {
        let read = |counter: &mut Counter| counter.read().ok();
        Retired { user: read(&mut self.user), all: self.all.as_mut().and_then(read) }
    }
}

fn counter(with_kernel: bool) -> Option<Counter> {
    let mut builder = Builder::new().kind(Hardware::INSTRUCTIONS);
    builder.inherit(true);
    if with_kernel {
        builder.include_kernel();
    }
    let mut counter = builder.build().ok()?;
    counter.enable().ok()?;
    Some(counter)
}

/// Retired instructions; what was not counted is `None`, and `-` on the pipe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retired {
    /// In user space.
    pub user: Option<u64>,
    /// In user space and in the kernel.
    pub all: Option<u64>,
}

impl Retired {
    /// What was retired since `before`.
    pub fn since(self, before: Self) -> Self {
        let difference = |now: Option<u64>, then: Option<u64>| now?.checked_sub(then?);
        Self { user: difference(self.user, before.user), all: difference(self.all, before.all) }
    }

    /// Reads what [`Display`](fmt::Display) wrote; `None` where there are not two words of its form.
    pub fn parse(text: &str) -> Option<Self> {
        let word = |word: &str| if word == "-" { Some(None) } else { word.parse().ok().map(Some) };
        let (user, all) = text.split_once(' ')?;
        Some(Self { user: word(user)?, all: word(all)? })
    }
}

impl fmt::Display for Retired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        write!(f, "{} {}", word(self.user), word(self.all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for retired in [
            Retired { user: Some(7), all: Some(9) },
            Retired { user: Some(0), all: None },
            Retired { user: None, all: None },
        ] {
            assert_eq!(Retired::parse(&retired.to_string()), Some(retired));
        }
        assert_eq!(Retired::parse("7"), None);
        assert_eq!(Retired::parse("7 x"), None);
    }

    #[test]
    fn twice_the_work_is_twice_the_count_on_another_thread_too() {
        // A machine without a counter has nothing to show.
        let Some(mut instructions) = Instructions::start() else { return };
        let mut spent = |rounds: u64| {
            let before = instructions.read();
            let work = move || (0..rounds).fold(1, |sum: u64, next| core::hint::black_box(sum.wrapping_mul(next | 1)));
            assert_ne!(std::thread::Builder::new().spawn(work).unwrap().join().unwrap(), 0);
            instructions.read().since(before).user.unwrap() as f64
        };
        let (once, twice) = (spent(10_000_000), spent(20_000_000));
        assert!((1.95..2.05).contains(&(twice / once)), "{once} and {twice}");
    }
}

//! What the models of whole runtimes are built on: many schedules, each drawn at random from its own seed, and for each planted
//! mistake a run that must find it.
//!
//! `.ci/check.sh schedules` runs them. Half of the schedules choose at each step who goes next, so all threads go on at about
//! the same pace. The others change who goes first at a few steps only ([PCT](https://doi.org/10.1145/1736020.1736040)): a
//! thread stands still between two of its steps while others come to their ends.
//!
//! A schedule that fails tells its seed, and the variables with which it runs again. The seeds are others each time, but for
//! those of a mistake: so it is found each time or never.

use crate::loom::{Plant, plants};
use crate::worker::counts;
use core::cell::Cell;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};
use std::process::Command;
use std::string::{String, ToString};
use std::sync::{Mutex, Once, PoisonError};

/// One at a time: what they count is the process's.
static ONE: Mutex<()> = Mutex::new(());

/// So many schedules of each model, of either kind.
const SCHEDULES: &str = "BESPOKE_SCHEDULES";
/// The first seed. With this or with a depth nothing is planted.
const SEED: &str = "BESPOKE_SEED";
/// Of one kind only: 0 chooses at each step, and a greater number is the depth of the others, which change who goes first once
/// less.
const DEPTH: &str = "BESPOKE_DEPTH";
/// The mistake that this process makes.
const TWIN: &str = "BESPOKE_TWIN";

/// Of each model and kind, where nothing else is said.
const USUAL: usize = 1_000;
/// What a mistake has to be found in.
const TWINS: usize = 5_000;
/// Most mistakes of two or three threads need two changes at most.
const USUAL_DEPTH: u64 = 3;
/// Schedules of one seed that change who goes first a few times: these are spread over as many steps as those before took.
const HAND: usize = 25;
/// A schedule of so many steps runs in circles. The longest has some thousands.
const STEPS_MAX: usize = 200_000;

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

std::thread_local! {
    /// What runs on this thread, how deep, and by which seed.
    static RUNNING: Cell<Option<(&'static str, u64, u64)>> = const { Cell::new(None) };
}

/// A panic of a schedule tells which one it is. Also if the process ends by it: two panics at once, say.
fn tell_the_seed() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(std::boxed::Box::new(move |panic| {
            if let Some((test, depth, seed)) = RUNNING.get() {
                let again = std::format!("{DEPTH}={depth} {SEED}={seed} {SCHEDULES}=1 .ci/check.sh schedules");
                std::eprintln!("schedule {seed} of {test} fails: {again}");
            }
            before(panic);
        }));
    });
}

/// Draws schedules from seeds that follow each other.
struct Dealer<S, D> {
    test: &'static str,
    depth: u64,
    draw: D,
    now: Option<S>,
    next: u64,
    left: usize,
}

impl<S: Scheduler, D: Fn(u64) -> S> Scheduler for Dealer<S, D> {
    fn new_execution(&mut self) -> Option<Schedule> {
        if let Some(schedule) = self.now.as_mut().and_then(S::new_execution) {
            return Some(schedule);
        }
        RUNNING.set(None);
        self.left = self.left.checked_sub(1)?;
        RUNNING.set(Some((self.test, self.depth, self.next)));
        let drawn = self.now.insert((self.draw)(self.next));
        self.next = self.next.wrapping_add(1);
        drawn.new_execution()
    }
    fn next_task(&mut self, able: &[&Task], now: Option<TaskId>, yields: bool) -> Option<TaskId> {
        self.now.as_mut()?.next_task(able, now, yields)
    }
    fn next_u64(&mut self) -> u64 {
        self.now.as_mut().map_or(0, S::next_u64)
    }
}

/// Runs `body` under so many schedules of the wanted kinds, from seed `first` on; how many there were.
fn run(test: &'static str, body: fn(), first: u64, schedules: usize) -> usize {
    tell_the_seed();
    let mut config = Config::new();
    // The stacks of tests are deep, and a panic that is told needs room.
    config.stack_size = 1 << 19;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::FailAfter(STEPS_MAX);
    config.silence_warnings = true;
    let body = move || {
        counts::reset();
        body();
    };
    let wanted = variable(DEPTH);
    let mut ran = 0;
    if wanted.is_none_or(|depth| depth == 0) {
        let draw = |seed| RandomScheduler::new_from_seed(seed, 1);
        let dealer = Dealer { test, depth: 0, draw, now: None, next: first, left: schedules };
        ran += Runner::new(dealer, config.clone()).run(body);
    }
    if wanted.is_none_or(|depth| depth > 0) {
        let depth = wanted.unwrap_or(USUAL_DEPTH);
        let draw = move |seed| PctScheduler::new_from_seed(seed, depth as usize, HAND);
        let dealer = Dealer { test, depth, draw, now: None, next: first, left: schedules.div_ceil(HAND) };
        ran += Runner::new(dealer, config).run(body);
    }
    ran
}

/// Runs `body` under schedules that are drawn at random; then, with each mistake, asks that one of them fails, and tells it by
/// one of the given parts. Each mistake in a process of its own: what is left of a schedule that fails is never freed. `test`
/// is the path of the test that calls this.
pub(crate) fn model(test: &'static str, body: fn(), twins: &[(Plant, &[&str])]) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let schedules = variable(SCHEDULES).map(|schedules| schedules as usize);
    if let Ok(wanted) = std::env::var(TWIN) {
        let (twin, _) = twins.iter().find(|(twin, _)| std::format!("{twin:?}") == wanted).expect("a twin of this test");
        plants::set(Some(*twin));
        let ran = run(test, body, 1, TWINS);
        plants::set(None);
        std::println!("{ran} schedules of {test} do not find {wanted}");
        return;
    }
    let first = variable(SEED).unwrap_or_else(|| <crate::roles::OsEntropy as crate::roles::Entropy>::seed(0));
    let ran = run(test, body, first, schedules.unwrap_or(USUAL));
    std::println!("\n{test}: {ran} schedules from seed {first}");
    // Who chooses the schedules asks about the runtime.
    if variable(SEED).or(variable(DEPTH)).is_some() {
        return;
    }
    for &(twin, shows) in twins {
        let out = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(TWIN, std::format!("{twin:?}"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(String::from_utf8_lossy(&out.stdout).contains("running 1 test"), "there is no test {test}");
        assert!(!out.status.success(), "{test} does not find {twin:?}");
        let ended = out.status.to_string();
        let by = said.lines().chain([ended.as_str()]).find(|line| shows.iter().any(|shows| line.contains(shows)));
        let by = by.unwrap_or_else(|| panic!("{test} finds {twin:?}, but by {said}"));
        let seed = said.lines().find_map(|line| line.strip_prefix("schedule ")?.split(' ').next()).unwrap_or("?");
        std::println!("{test} finds {twin:?} at seed {seed}: {}", by.split(". ").next().unwrap_or(by));
    }
}

/// How a process ends that polls what is gone.
pub(crate) const KILLED: &str = "signal: ";

/// What shuttle says of a schedule in which every thread sleeps.
pub(crate) const STUCK: &str = "deadlock";

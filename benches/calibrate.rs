//! Measures the coefficients of `Runtime::<C>::MODEL`: spawn and join by who may run a task and by memory strategy, wake to poll
//! by the former, a look at the driver, a thread. `cargo bench --bench calibrate` prints them; `-- --write` writes
//! `runtime-core/src/info/calibration.rs`.
//!
//! What is not measured: I/O, contention, other machines. Expected on a server core: spawn and join 15 to 50 ns, wake 5 to
//! 20 ns, and five times as much where other threads may hold the task; a look 0.1 to 1 µs (one system call), a thread 10 to 50 µs.
//!
//! Each figure is the minimum of many samples: the model wants what the work costs, not what else the machine did.
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]

fn main() {
    measured::main();
}

mod measured {
    use bespoke::memory::{Pooled, System};
    use bespoke::rt::TcpListener;
    use bespoke::scheduler::{PerCore, WorkStealing};
    use bespoke::{Config, Runtime, preset};
    use std::cell::Cell;
    use std::fmt::Write as _;
    use std::future::poll_fn;
    use std::task::{Poll, Waker};
    use std::time::Instant;

    /// The default.
    struct OnPooled;
    #[bespoke::config(base = preset::Default)]
    impl Config for OnPooled {
        const PIN_WORKERS: bool = false;
    }

    /// Tasks from the system's allocator.
    struct OnSystem;
    #[bespoke::config(base = preset::Default)]
    impl Config for OnSystem {
        type Memory = System;
    }

    /// Tasks that other threads may hold, on one worker.
    struct Core;
    #[bespoke::config(base = preset::Default)]
    impl Config for Core {
        type Scheduler = PerCore<1>;
        type Memory = Pooled;
    }

    /// The same from the system's allocator.
    struct CoreOnSystem;
    #[bespoke::config(base = Core)]
    impl Config for CoreOnSystem {
        type Memory = System;
    }

    /// Tasks that may move, of which nobody takes one: there is one worker.
    struct Thief;
    #[bespoke::config(base = Core)]
    impl Config for Thief {
        type Scheduler = WorkStealing<1>;
    }

    /// The same from the system's allocator.
    struct ThiefOnSystem;
    #[bespoke::config(base = Thief)]
    impl Config for ThiefOnSystem {
        type Memory = System;
    }

    /// Looks at its driver after every poll.
    struct Looks;
    #[bespoke::config(base = preset::Default)]
    impl Config for Looks {
        const EVENT_INTERVAL: u32 = 1;
    }

    const SAMPLES: usize = 60;
    const OPS: u64 = 20_000;

    /// The least time of one of `OPS` operations, in picoseconds.
    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
    fn least(mut sample: impl FnMut()) -> u64 {
        let mut best = u64::MAX;
        for _ in 0..SAMPLES {
            let start = Instant::now();
            sample();
            let ps = start.elapsed().as_nanos() as u64 * 1000 / OPS;
            best = best.min(ps);
        }
        best
    }

    fn runtime<C: Config>() -> Runtime<C> {
        Runtime::new().expect("the runtime starts: this machine has descriptors left")
    }

    macro_rules! spawn_join {
        ($config:ty) => {{
            let runtime = runtime::<$config>();
            least(|| {
                let spawns = runtime.spawn(async {
                    for _ in 0..OPS {
                        <$config>::spawn(async {}).await.expect("an empty task ends");
                    }
                });
                runtime.block_on(spawns).expect("it only spawns");
            })
        }};
    }

    thread_local! {
        /// Whose turn it is, and who waits for it. Of the one worker: so tasks hold nothing, and may go anywhere.
        static TURN: Cell<u64> = const { Cell::new(0) };
        static WAKERS: [Cell<Option<Waker>>; 2] = const { [Cell::new(None), Cell::new(None)] };
    }

    /// Takes its turns, and wakes who has the next one.
    fn player(side: u64) -> impl Future<Output = ()> + Send {
        poll_fn(move |cx| {
            WAKERS.with(|wakers| {
                while TURN.get() < OPS {
                    if TURN.get() % 2 != side {
                        wakers[side as usize].set(Some(cx.waker().clone()));
                        return Poll::Pending;
                    }
                    TURN.set(TURN.get() + 1);
                    if let Some(other) = wakers[1 - side as usize].take() {
                        other.wake();
                    }
                }
                Poll::Ready(())
            })
        })
    }

    /// Two tasks wake each other in turn: per wake.
    macro_rules! wake {
        ($config:ty) => {{
            let runtime = runtime::<$config>();
            least(|| {
                let game = runtime.spawn(async {
                    TURN.set(0);
                    let other = <$config>::spawn(player(1));
                    player(0).await;
                    other.await.expect("the other player ends");
                });
                runtime.block_on(game).expect("both end");
            })
        }};
    }

    macro_rules! yields {
        ($config:ty) => {{
            let runtime = runtime::<$config>();
            // One open socket, so that a look asks the system.
            let listener = runtime.block_on(TcpListener::<$config>::bind("127.0.0.1:0")).expect("a free port");
            let ps = least(|| {
                runtime.block_on(async {
                    for _ in 0..OPS {
                        <$config>::yield_now().await;
                    }
                });
            });
            drop(listener);
            ps
        }};
    }

    #[expect(clippy::disallowed_methods, reason = "what a thread costs is what is measured")]
    fn thread() -> u64 {
        let mut best = u64::MAX;
        for _ in 0..SAMPLES {
            let start = Instant::now();
            for _ in 0..20 {
                std::thread::spawn(|| {}).join().expect("an empty thread ends");
            }
            best = best.min(start.elapsed().as_nanos() as u64 * 1000 / 20);
        }
        best
    }

    fn first_line(path: &str, key: &str) -> Option<String> {
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with(key))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    }

    fn commit() -> String {
        let asked = std::process::Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
        match asked {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            _ => "unknown commit".to_owned(),
        }
    }

    pub(super) fn main() {
        let write = match std::env::args().skip(1).find(|word| word != "--bench").as_deref() {
            None => false,
            Some("--write") => true,
            Some(other) => {
                eprintln!("calibrate: there is no option `{other}`: only --write");
                std::process::exit(2);
            }
        };
        let look = yields!(Looks).saturating_sub(yields!(OnPooled));
        let spawns = [
            ("local", "pooled", spawn_join!(OnPooled)),
            ("local", "system", spawn_join!(OnSystem)),
            ("shared", "pooled", spawn_join!(Core)),
            ("shared", "system", spawn_join!(CoreOnSystem)),
            ("moving", "pooled", spawn_join!(Thief)),
            ("moving", "system", spawn_join!(ThiefOnSystem)),
        ];
        let wakes = [("local", wake!(OnPooled)), ("shared", wake!(Core)), ("moving", wake!(Thief))];
        let machine = first_line("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
        let mut file = String::from(
            "//! Measured coefficients of the [model](super::model). Written by `cargo bench --bench calibrate -- --write`; not by \
             hand.\n\n",
        );
        let figures = format!(
            "/// The machine.\npub(super) const MACHINE: &str = {machine:?};\n\
             /// The commit that was measured.\npub(super) const COMMIT: &str = {:?};\n\
             /// Picoseconds to spawn and join a task, by who may run it and by memory strategy.\n\
             pub(super) const SPAWN_JOIN_PS: &[(&str, &str, u64)] = &{spawns:?};\n\
             /// Picoseconds from a wake to the poll of the woken task, by who may run it.\n\
             pub(super) const WAKE_PS: &[(&str, u64)] = &{wakes:?};\n\
             /// Picoseconds of a look at inbox, timers and driver.\npub(super) const LOOK_PS: u64 = {look};\n\
             /// Picoseconds to start and join a thread.\npub(super) const THREAD_PS: u64 = {};\n",
            commit(),
            thread(),
        );
        let _ = file.write_str(&figures);
        print!("{figures}");
        if write {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime-core/src/info/calibration.rs");
            if let Err(error) = std::fs::write(path, file) {
                eprintln!("calibrate: cannot write the coefficients: {error}");
                std::process::exit(1);
            }
            eprintln!("written; run `cargo fmt`");
        }
    }
}

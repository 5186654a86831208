//! A runtime that is used for a long time: its memory does not grow, and neither do its descriptors, tasks and resources.
//! RELIABILITY A27.
//!
//! One runtime serves an echo to peers that stay and peers that come and go, drops reads under way, arms and cancels timers,
//! spawns, aborts, runs blocking jobs, and opens, writes and reads a file. Once a second it is looked at; after half of the time, which is the warm-up, a
//! line is fitted through the bytes that are allocated, and others through the resident memory, part by part, as a new
//! high-water mark of threads is no leak.
//!
//! Each config is used at the same time as the others, in a process of its own, so another one takes no more time.
//!
//! `BESPOKE_SOAK_SECONDS=n` says how long; without it two seconds, which show that the soak itself works and that nothing
//! leaks by the megabyte. From a minute on, what there is is printed every minute. The slope of what is allocated is asserted from a minute on, that of resident memory from ten: below
//! that, a few pages more are a slope of their own.
//! `BESPOKE_SEED=n` repeats the random choices.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "the peers and the measuring stand outside of any runtime")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

#[path = "common/ring.rs"]
mod ring;
#[path = "conformance/support.rs"]
#[allow(dead_code, reason = "shared with the conformance suite, which uses the rest")]
mod support;
#[path = "common/turns.rs"]
mod turns;

use bespoke::prelude::*;
use bespoke::rt::{File, TcpListener, TcpStream};
use bespoke::{Config, Runtime, driver, memory, preset, scheduler};
use core::alloc::{GlobalAlloc, Layout};
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use core::time::Duration;
use std::alloc::System;
use std::io::{Read as _, Write as _};
use std::net::TcpStream as StdStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;
use support::{Random, eventually, fds, seed};
use turns::turns_until;

/// The system's allocator; counts the bytes that are out.
struct Counted;

#[global_allocator]
static COUNTED: Counted = Counted;
static OUT: AtomicI64 = AtomicI64::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        OUT.fetch_add(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: as the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        OUT.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: as the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        OUT.fetch_add(size as i64 - layout.size() as i64, Ordering::Relaxed);
        // SAFETY: as the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// One thread, readiness.
struct Plain;

#[bespoke::config(base = preset::Default)]
impl Config for Plain {
    const BLOCKING_THREADS_MAX: usize = 4;
}

/// A thread for every task, blocking calls.
struct Threads;

#[bespoke::config(base = Plain)]
impl Config for Threads {
    type Scheduler = scheduler::ThreadPerTask;
    type Driver = driver::Blocking;
    type Memory = memory::System;
}

/// One thread, completions.
struct Rings;

#[bespoke::config(base = Plain)]
impl Config for Rings {
    type Driver = driver::IoUring;
}

/// Two workers, each with its tasks and its driver.
struct Cores;

#[bespoke::config(base = Plain)]
impl Config for Cores {
    type Scheduler = scheduler::PerCore<2>;
    const WORKERS_EXACT: bool = true;
}

/// The same, on rings.
struct CoresOnRings;

#[bespoke::config(base = Cores)]
impl Config for CoresOnRings {
    type Driver = driver::IoUring;
}

/// Two workers that take tasks from each other.
struct Thieves;

#[bespoke::config(base = Plain)]
impl Config for Thieves {
    type Scheduler = scheduler::WorkStealing<2>;
    const WORKERS_EXACT: bool = true;
}

/// The same, on rings.
struct ThievesOnRings;

#[bespoke::config(base = Thieves)]
impl Config for ThievesOnRings {
    type Driver = driver::IoUring;
}

/// Peers that stay.
const STAYING: u64 = 4;
/// How much more memory may be used an hour later.
const SLOPE_MAX: f64 = 1024.0 * 1024.0;

fn length() -> Duration {
    let seconds =
        std::env::var("BESPOKE_SOAK_SECONDS").map_or(2, |text| text.parse().expect("BESPOKE_SOAK_SECONDS is a number"));
    Duration::from_secs(seconds)
}

/// What there is at one moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
    seconds: f64,
    resident: f64,
    allocated: f64,
    descriptors: usize,
    threads: usize,
    tasks: usize,
    resources: usize,
}

impl Sample {
    fn of<C: Config>(runtime: &Runtime<C>, start: Instant) -> Self {
        Sample {
            seconds: start.elapsed().as_secs_f64(),
            resident: resident(),
            allocated: OUT.load(Ordering::Relaxed) as f64,
            descriptors: fds(),
            threads: std::fs::read_dir("/proc/self/task").unwrap().count(),
            tasks: runtime.live_tasks(),
            resources: runtime.open_resources(),
        }
    }
}

impl core::fmt::Display for Sample {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Sample { seconds, descriptors, threads, tasks, resources, .. } = self;
        let kib = |bytes: f64| (bytes / 1024.0) as u64;
        let (resident, allocated) = (kib(self.resident), kib(self.allocated));
        write!(
            f,
            "{seconds:6.0} s: resident {resident} KiB, allocated {allocated} KiB, {descriptors} descriptors, {threads} \
             threads, {tasks} tasks, {resources} resources"
        )
    }
}

/// How often a long soak says what there is.
const REPORT: Duration = Duration::from_secs(60);

fn is_long(length: Duration) -> bool {
    length >= REPORT
}

fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    // SAFETY: takes an integer only.
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as f64
}

/// Bytes an hour: the slope of the line with the least squares.
fn slope(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    let n = samples.len() as f64;
    let mean_x = samples.iter().map(|sample| sample.seconds).sum::<f64>() / n;
    let mean_y = samples.iter().map(&of).sum::<f64>() / n;
    let over = samples.iter().map(|sample| (sample.seconds - mean_x) * (of(sample) - mean_y)).sum::<f64>();
    let under = samples.iter().map(|sample| (sample.seconds - mean_x).powi(2)).sum::<f64>();
    over / under * 3600.0
}

/// Bytes an hour, but for what happened once: the middle one of the slopes of [`PARTS`] parts of the time. A leak is in every
/// part. A load of the machine that makes more threads live at once than ever before touches their stacks in one, and they
/// stay resident.
fn steady_slope(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    let mut slopes: Vec<_> = samples.chunks_exact(samples.len() / PARTS).map(|part| slope(part, &of)).collect();
    slopes.sort_by(f64::total_cmp);
    slopes[slopes.len() / 2]
}

/// Of the time that is measured.
const PARTS: usize = 5;

#[test]
fn a_slope_is_found() {
    let line = |seconds: u32, by: f64| Sample {
        seconds: f64::from(seconds),
        resident: 5e6 + by * f64::from(seconds) + f64::from(seconds % 3) * 4096.0,
        allocated: 0.0,
        descriptors: 0,
        threads: 0,
        tasks: 0,
        resources: 0,
    };
    let flat: Vec<_> = (0..600).map(|second| line(second, 0.0)).collect();
    assert!(slope(&flat, |sample| sample.resident).abs() < SLOPE_MAX / 100.0);
    // A hundred bytes for each of ten requests a second.
    let leak: Vec<_> = (0..600).map(|second| line(second, 1000.0)).collect();
    assert!((slope(&leak, |sample| sample.resident) / 3.6e6 - 1.0).abs() < 0.01);
    assert!((steady_slope(&leak, |sample| sample.resident) / 3.6e6 - 1.0).abs() < 0.01);
    // A megabyte at once is a slope for the one, and none for the other.
    let mut step = flat.clone();
    step[320..].iter_mut().for_each(|sample| sample.resident += SLOPE_MAX);
    assert!(slope(&step, |sample| sample.resident) > SLOPE_MAX);
    assert!(steady_slope(&step, |sample| sample.resident).abs() < SLOPE_MAX / 10.0);
    // Steps again and again are a leak.
    (60..600).step_by(60).for_each(|at| step[at..].iter_mut().for_each(|sample| sample.resident += SLOPE_MAX));
    assert!(steady_slope(&step, |sample| sample.resident) > SLOPE_MAX);
}

/// A peer that stays: a round trip now and then, of any size.
fn stay(address: SocketAddr, number: u64, over: &AtomicBool) {
    let mut random = Random::new(number);
    let mut peer = StdStream::connect(address).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let (mut sent, mut got) = (vec![number as u8; 16_384], vec![0; 16_384]);
    while !over.load(Ordering::Acquire) {
        let len = 1 + random.below(16_384) as usize;
        peer.write_all(&sent[..len]).unwrap();
        peer.read_exact(&mut got[..len]).unwrap();
        assert_eq!(got[..len], sent[..len]);
        sent.rotate_left(1);
        std::thread::sleep(Duration::from_micros(random.below(2_000)));
    }
}

/// Peers that come, send something or not, and go in one way or another.
fn come_and_go(address: SocketAddr, over: &AtomicBool) {
    let mut random = Random::new(99);
    while !over.load(Ordering::Acquire) {
        let mut peer = StdStream::connect(address).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        match random.below(3) {
            0 => {}
            // Unread answers make this a reset.
            1 => peer.write_all(&[1; 100]).unwrap(),
            _ => {
                peer.write_all(&[2; 3000]).unwrap();
                peer.read_exact(&mut [0; 3000]).unwrap();
            }
        }
        drop(peer);
        std::thread::sleep(Duration::from_millis(2));
    }
}

async fn echo<C: Config<Driver: Net>>(mut stream: TcpStream<C>) {
    let mut buffer = vec![0; 4096];
    loop {
        // Under a driver that suspends, many of these reads are dropped under way.
        let n = match C::timeout(Duration::from_micros(500), stream.read(&mut buffer)).await {
            Err(_) => continue,
            Ok(Ok(n @ 1..)) => n,
            Ok(_) => return,
        };
        let (written, back) = stream.write_all(buffer.slice(..n)).await;
        if written.is_err() {
            return;
        }
        buffer = back.into_inner();
    }
}

/// Opens, writes, reads and drops a file; under a driver that suspends, some of that under way.
async fn use_file<C: Config<Driver: Fs>>(path: &Path, random: &mut Random) {
    let file = File::<C>::options().read(true).write(true).create(true).open(path).await.unwrap();
    let (written, buffer) = file.write_all_at(vec![3; 4096], random.below(8) * 4096).await;
    written.unwrap();
    if let Ok((read, buffer)) = C::timeout(Duration::from_micros(random.below(200)), file.read_at(buffer, 0)).await {
        assert!(read.unwrap() > 0 && buffer.iter().all(|byte| [0, 3].contains(byte)));
    }
    assert!(file.metadata().await.unwrap().len() <= 8 * 4096);
}

/// Timers, tasks, jobs and a file, until it is over; how many rounds.
async fn busy<C: Config<Driver: Fs, Threads: StartsThreads>>(over: Arc<AtomicBool>, file: PathBuf) -> u64 {
    let mut random = Random::new(7);
    let mut rounds = 0;
    while !over.load(Ordering::Acquire) {
        rounds += 1;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let sleep = Duration::from_micros(random.below(3_000));
                C::spawn(async move {
                    // One timer that fires, one that is armed and dropped.
                    let far = C::timeout(Duration::from_secs(3600), C::sleep(sleep));
                    far.await.expect("an hour is longer");
                    n
                })
            })
            .collect();
        let job = C::spawn_blocking(move || vec![1u8; 10_000].iter().map(|byte| u32::from(*byte)).sum::<u32>());
        for (n, task) in tasks.into_iter().enumerate() {
            if random.once_in(4) {
                task.abort();
                let _ = task.await;
            } else {
                assert_eq!(task.await.unwrap(), n);
            }
        }
        assert_eq!(job.await.unwrap(), 10_000);
        use_file::<C>(&file, &mut random).await;
        C::sleep(Duration::from_millis(1)).await;
    }
    rounds
}

fn soak<C: Config<Driver: Net + Fs, Threads: StartsThreads>>(config: &str, length: Duration) {
    watch(config.to_string(), length);
    let file = std::env::temp_dir().join(format!("bespoke-soak-{}", std::process::id()));
    let before = fds();
    let over = Arc::new(AtomicBool::new(false));
    let served = Arc::new(AtomicU64::new(0));
    let runtime = Runtime::<C>::new().unwrap();
    let pause = (length / 20).min(Duration::from_secs(1));
    // Written once before: pages that the measuring itself touches on the way would be growth.
    let mut samples =
        vec![Sample::of(&runtime, Instant::now()); (length.as_secs_f64() / pause.as_secs_f64()) as usize + 1];
    samples.clear();
    runtime.block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut peers: Vec<_> = (0..STAYING)
            .map(|number| {
                let over = over.clone();
                std::thread::spawn(move || stay(address, number, &over))
            })
            .collect();
        let closing = Arc::new(AtomicBool::new(false));
        let (ends, count) = (closing.clone(), served.clone());
        let server = C::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                if ends.load(Ordering::Acquire) {
                    return;
                }
                count.fetch_add(1, Ordering::Relaxed);
                drop(C::spawn(echo(stream)));
            }
        });
        let ends = over.clone();
        peers.push(std::thread::spawn(move || come_and_go(address, &ends)));
        let work = C::spawn(busy::<C>(over.clone(), file.clone()));
        let start = Instant::now();
        let mut told = start;
        while start.elapsed() < length {
            C::sleep(pause).await;
            let sample = Sample::of(&runtime, start);
            samples.push(sample);
            if is_long(length) && told.elapsed() >= REPORT {
                told += REPORT;
                println!("{config}: {sample}");
            }
        }
        over.store(true, Ordering::Release);
        let rounds = work.await.unwrap();
        C::spawn_blocking(move || peers.into_iter().for_each(|peer| peer.join().unwrap())).await.unwrap();
        // When no peer comes any more: the server is told to end, and its accept is woken.
        closing.store(true, Ordering::Release);
        drop(StdStream::connect(address).unwrap());
        server.await.unwrap();
        println!("{} connections served, {rounds} rounds of timers, tasks and jobs", served.load(Ordering::Relaxed));
    });
    // The ends of the last connections, and the closes that follow.
    let over = turns_until(&runtime, || runtime.live_tasks() == 0 && runtime.open_resources() == 0);
    assert!(over, "{} tasks, {} resources are left", runtime.live_tasks(), runtime.open_resources());
    print!("{config}: ");
    report(&samples, length);
    drop(runtime);
    assert!(eventually(|| fds() == before), "{before} descriptors before, {} after", fds());
    std::fs::remove_file(file).unwrap();
}

/// Ends a soak that hangs, and says so.
fn watch(config: String, length: Duration) {
    std::thread::spawn(move || {
        let limit = length + Duration::from_secs(120);
        std::thread::sleep(limit);
        eprintln!("{config}: it has not ended after {limit:?}");
        std::process::abort();
    });
}

fn report(samples: &[Sample], length: Duration) {
    let series = samples.iter().step_by(samples.len() / 12 + 1).map(|sample| (sample.resident / 1024.0) as u64);
    println!("resident KiB over time: {:?}", series.collect::<Vec<_>>());
    let warm = &samples[samples.len() / 2..];
    let most = |of: fn(&Sample) -> usize| warm.iter().map(of).max().unwrap();
    let least = |of: fn(&Sample) -> usize| warm.iter().map(of).min().unwrap();
    let (resident, allocated) = (steady_slope(warm, |sample| sample.resident), slope(warm, |sample| sample.allocated));
    let (fewest, open) = (least(|sample| sample.descriptors), most(|sample| sample.descriptors));
    println!(
        "{length:?}, {} samples: resident {:.2} MiB, {:+.3} MiB an hour; allocated {:.3} MiB, {:+.3} MiB an hour; \
         {fewest} to {open} descriptors, {} to {} threads, {} to {} tasks, {} to {} resources",
        warm.len(),
        warm[warm.len() - 1].resident / SLOPE_MAX,
        resident / SLOPE_MAX,
        warm[warm.len() - 1].allocated / SLOPE_MAX,
        allocated / SLOPE_MAX,
        least(|sample| sample.threads),
        most(|sample| sample.threads),
        least(|sample| sample.tasks),
        most(|sample| sample.tasks),
        least(|sample| sample.resources),
        most(|sample| sample.resources),
    );
    // Not resident memory: a sanitizer keeps what was freed.
    let grown = warm[warm.len() - 1].allocated - warm[0].allocated;
    assert!(grown < 8.0 * SLOPE_MAX, "allocated memory grew by {grown} bytes");
    // Those that come and go are few at any time.
    assert!(open - fewest < 40, "between {fewest} and {open} descriptors");
    for (name, of) in
        [("tasks", (|sample| sample.tasks) as fn(&Sample) -> usize), ("resources", |sample| sample.resources)]
    {
        assert!(most(of) - least(of) < 60, "between {} and {} {name}", least(of), most(of));
    }
    // Not the most: on a busy machine threads whose tasks are over pile up before the system ends them.
    let quietest = |part: &[Sample]| part.iter().map(|sample| sample.threads).min().unwrap();
    let tenth = (warm.len() / 10).max(1);
    let (first, last) = (quietest(&warm[..tenth]), quietest(&warm[warm.len() - tenth..]));
    // In a short run a tenth is one sample, and a busy machine with a sanitizer falls behind by a hundred threads a second.
    if length >= Duration::from_secs(60) {
        assert!(last < first + 10, "{first} threads at first, {last} at last");
    }
    if length >= Duration::from_secs(600) {
        assert!(resident < SLOPE_MAX, "resident memory grows by {resident:.0} bytes an hour");
    }
    if length >= Duration::from_secs(60) {
        assert!(allocated < SLOPE_MAX, "allocated memory grows by {allocated:.0} bytes an hour");
    }
}

/// Says in a process of its own which config it is to use.
const CHILD: &str = "BESPOKE_SOAK_CHILD";

/// Each config at the same time, in a process of its own: the memory is a process's.
///
/// The C library gets one arena: with more, resident memory grows for as long as threads land in arenas that are new to them,
/// by what nobody holds.
#[test]
fn nothing_grows() {
    match std::env::var(CHILD).as_deref() {
        Ok(config @ "one thread") => return soak::<Plain>(config, length()),
        Ok(config @ "a thread for every task") => return soak::<Threads>(config, length()),
        Ok(config @ "one thread on a ring") => return soak::<Rings>(config, length()),
        Ok(config @ "two cores") => return soak::<Cores>(config, length()),
        Ok(config @ "two cores on rings") => return soak::<CoresOnRings>(config, length()),
        Ok(config @ "two thieves") => return soak::<Thieves>(config, length()),
        Ok(config @ "two thieves on rings") => return soak::<ThievesOnRings>(config, length()),
        Ok(other) => panic!("no config is called `{other}`"),
        Err(_) => {}
    }
    println!("BESPOKE_SEED={}", seed());
    // A long soak is read while it runs. And a pipe holds 64 KiB: that of the child that is waited for last would fill up.
    let output = || if is_long(length()) { Stdio::inherit() } else { Stdio::piped() };
    let mut configs = vec!["one thread", "a thread for every task", "two cores", "two thieves"];
    if !ring::is_denied("the soak on rings") {
        configs.extend(["one thread on a ring", "two cores on rings", "two thieves on rings"]);
    }
    let start = |config: &'static str| {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "nothing_grows", "--nocapture", "--test-threads=1"])
            .env(CHILD, config)
            .env("MALLOC_ARENA_MAX", "1")
            .stdout(output())
            .stderr(output())
            .spawn()
            .unwrap();
        (config, child)
    };
    let children: Vec<(&str, Child)> = configs.into_iter().map(start).collect();
    let ended: Vec<_> =
        children.into_iter().map(|(config, child)| (config, child.wait_with_output().unwrap())).collect();
    for (config, output) in &ended {
        print!("{config}:{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
    }
    for (config, output) in ended {
        assert!(output.status.success(), "{config}: see above");
    }
}

//! Latencies, heap allocations, memory in use.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The system's allocator, counting.
pub(crate) struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// Heap allocations of this process so far, growths of blocks included.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.load(Ordering::Relaxed)
}

// SAFETY: every call goes on to `System` as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller.
        unsafe { System.dealloc(block, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Resident memory of this process; `None` where the system does not say.
pub(crate) fn rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Buckets per factor of two: a value is known to 1/32.
const STEPS: usize = 32;
/// 64 factors of two, less the first few that `STEPS` covers.
const BUCKETS: usize = 60 * STEPS;

/// How often each latency occurred, to about 3 %. Fixed size: recording allocates nothing.
#[derive(Debug)]
pub(crate) struct Latencies {
    buckets: Vec<u32>,
    count: u64,
    max_ns: u64,
}

impl Latencies {
    pub(crate) fn new() -> Self {
        Latencies { buckets: vec![0; BUCKETS], count: 0, max_ns: 0 }
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        let ns = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(ns)] += 1;
        self.count += 1;
        self.max_ns = self.max_ns.max(ns);
    }

    pub(crate) fn add(&mut self, other: &Latencies) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// The latency that `part` (0 to 1) of all stayed at or below; zero without any.
    pub(crate) fn quantile(&self, part: f64) -> Duration {
        let rank = (part * self.count as f64).ceil() as u64;
        let mut seen = 0;
        for (at, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank && seen > 0 {
                return Duration::from_nanos(upper(at).min(self.max_ns));
            }
        }
        Duration::ZERO
    }
}

fn bucket(ns: u64) -> usize {
    if ns < STEPS as u64 {
        return ns as usize;
    }
    let power = ns.ilog2() as usize - STEPS.ilog2() as usize;
    ((power + 1) * STEPS + (ns >> power) as usize - STEPS).min(BUCKETS - 1)
}

/// The greatest value of a bucket.
fn upper(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let power = bucket / STEPS - 1;
    ((bucket % STEPS + STEPS + 1) as u64) << power
}

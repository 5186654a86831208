//! Metrics as text for Prometheus.
//!
//! Source: "Exposition formats" of the Prometheus documentation, text format 0.0.4.

use super::{Metrics, StealingMetrics, Stolen, WorkerMetrics};
use core::fmt::{self, Display, Formatter};

/// Metrics as text for Prometheus, exposition format 0.0.4: its `Display`. Each line ends with a line feed, the last one, too. A
/// server says `Content-Type: text/plain; version=0.0.4`.
///
/// Names begin with `bespoke_`. Each line has the label `config`, the name of the runtime's config: of two runtimes of one
/// config a scraper cannot tell the lines apart, so each of them is an endpoint of its own.
#[derive(Clone, Copy, Debug)]
pub struct Prometheus<'a>(&'a [Metrics]);

impl<'a> Prometheus<'a> {
    /// The text of several runtimes, name by name, as the format asks for.
    #[must_use]
    pub const fn of(runtimes: &'a [Metrics]) -> Self {
        Prometheus(runtimes)
    }
}

/// A number of each worker: name, kind, help, which.
type Line<T> = (&'static str, Kind, &'static str, fn(&T) -> u64);

/// What a worker took from those at one level.
type Level = (&'static str, fn(&StealingMetrics) -> Stolen);

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
}

const OF_WORKERS: &[Line<WorkerMetrics>] = &[
    ("worker_polls_total", Kind::Counter, "Polls of tasks.", |worker| worker.polls),
    ("worker_looks_total", Kind::Counter, "Looks at inbox, timers and driver between polls.", |worker| worker.looks),
    ("worker_resources", Kind::Gauge, "Sockets and files that are open on the worker.", |worker| {
        worker.resources as u64
    }),
    ("worker_parks_total", Kind::Counter, "Waits in the driver with nothing to run.", |worker| worker.parks),
    ("worker_timers_total", Kind::Counter, "Timers whose deadline came.", |worker| worker.timers),
    ("worker_blocked_polls_total", Kind::Counter, "Polls that the watchdog has reported.", |worker| worker.blocked),
];

const OF_STEALING: &[Line<StealingMetrics>] = &[
    ("worker_queued_tasks", Kind::Gauge, "Tasks in the queue of the worker.", |worker| worker.queued as u64),
    ("worker_searches_total", Kind::Counter, "Searches for work.", |worker| worker.searches),
    ("worker_wakes_total", Kind::Counter, "Times that the worker was woken for work.", |worker| worker.woken),
    ("worker_taken_tasks_total", Kind::Counter, "Tasks taken from the queue of all.", |worker| worker.taken),
    ("worker_given_tasks_total", Kind::Counter, "Tasks given to the queue of all.", |worker| worker.given),
    (
        "worker_handed_over_total",
        Kind::Counter,
        "Times that another thread ran the worker, as its own blocked.",
        |worker| worker.handed_over,
    ),
];

/// Name and help, of workers whose policy times searches.
const SEARCHING: (&str, &str) = ("worker_searching_seconds_total", "Time spent in searches for work.");

/// The levels, by what two workers share.
const FROM: &[Level] = &[
    ("core", |worker| worker.from_core),
    ("cache", |worker| worker.from_cache),
    ("node", |worker| worker.from_node),
    ("machine", |worker| worker.from_machine),
];

/// A number of each level: name, help, which.
type OfLevel = (&'static str, &'static str, fn(Stolen) -> u64);

const STOLEN: &[OfLevel] = &[
    ("worker_steals_total", "Steals, by what the two workers share.", |stolen| stolen.steals),
    ("worker_stolen_tasks_total", "Stolen tasks, by what the two workers share.", |stolen| stolen.tasks),
];

/// A number of a runtime: name, kind, help, which.
type OfRuntime = (&'static str, Kind, &'static str, fn(&Metrics) -> usize);

const OF_RUNTIMES: &[OfRuntime] = &[
    ("tasks", Kind::Gauge, "Tasks that are not freed.", |metrics| metrics.tasks),
    ("open_resources", Kind::Gauge, "Open sockets, listeners and files.", |metrics| metrics.resources),
    ("queued_tasks", Kind::Gauge, "Tasks in the queue of all workers.", |metrics| metrics.queued),
    ("workers", Kind::Gauge, "Workers that run the tasks.", |metrics| metrics.workers.len()),
    ("worker_threads", Kind::Gauge, "Workers that a thread was started for.", |metrics| metrics.threads),
    ("worker_threads_refused_total", Kind::Counter, "Threads for workers that the system refused.", |metrics| {
        metrics.threads_refused
    }),
    ("blocking_threads", Kind::Gauge, "Threads for blocking jobs.", |metrics| metrics.blocking.threads),
    ("blocking_idle_threads", Kind::Gauge, "Threads that wait for a blocking job.", |metrics| metrics.blocking.idle),
    ("blocking_queued_jobs", Kind::Gauge, "Blocking jobs that wait for a thread.", |metrics| metrics.blocking.queued),
    ("blocking_running_jobs", Kind::Gauge, "Blocking jobs that run.", |metrics| metrics.blocking.running),
];

impl Display for Prometheus<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (name, kind, help, value) in OF_RUNTIMES {
            head(f, name, *kind, help)?;
            for metrics in self.0 {
                writeln!(f, "bespoke_{name}{{config=\"{}\"}} {}", Label(metrics.config), value(metrics))?;
            }
        }
        let workers = || {
            let of = |metrics: &'_ Metrics| Label(metrics.config);
            self.0.iter().flat_map(move |metrics| {
                metrics.workers.iter().enumerate().map(move |(number, worker)| (of(metrics), number, worker))
            })
        };
        for (name, kind, help, value) in OF_WORKERS {
            head(f, name, *kind, help)?;
            for (config, number, worker) in workers() {
                writeln!(f, "bespoke_{name}{{config=\"{config}\",worker=\"{number}\"}} {}", value(worker))?;
            }
        }
        let stealing =
            || workers().filter_map(|(config, number, worker)| Some((config, number, worker.stealing.as_ref()?)));
        if stealing().next().is_none() {
            return Ok(());
        }
        for (name, kind, help, value) in OF_STEALING {
            head(f, name, *kind, help)?;
            for (config, number, worker) in stealing() {
                writeln!(f, "bespoke_{name}{{config=\"{config}\",worker=\"{number}\"}} {}", value(worker))?;
            }
        }
        let timed = || stealing().filter_map(|(config, number, worker)| Some((config, number, worker.searching?)));
        if timed().next().is_some() {
            head(f, SEARCHING.0, Kind::Counter, SEARCHING.1)?;
        }
        for (config, number, time) in timed() {
            let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
            writeln!(f, "bespoke_{}{{config=\"{config}\",worker=\"{number}\"}} {seconds}.{nanos:09}", SEARCHING.0)?;
        }
        for (name, help, value) in STOLEN {
            head(f, name, Kind::Counter, help)?;
            for (config, number, worker) in stealing() {
                for (level, from) in FROM {
                    let value = value(from(worker));
                    writeln!(
                        f,
                        "bespoke_{name}{{config=\"{config}\",worker=\"{number}\",shared=\"{level}\"}} {value}"
                    )?;
                }
            }
        }
        Ok(())
    }
}

fn head(f: &mut Formatter<'_>, name: &str, kind: Kind, help: &str) -> fmt::Result {
    let kind = match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
    };
    writeln!(f, "# HELP bespoke_{name} {help}\n# TYPE bespoke_{name} {kind}")
}

/// The value of a label: backslash, quote and line feed are escaped.
struct Label<'a>(&'a str);

impl Display for Label<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        use core::fmt::Write;
        self.0.chars().try_for_each(|c| match c {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            c => f.write_char(c),
        })
    }
}

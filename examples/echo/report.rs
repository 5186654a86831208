//! The table.

use crate::args::Load;
use crate::load::Outcome;
use crate::server::Totals;
use bespoke::driver::DriverReport;
use bespoke::{Config, Info, Runtime};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What the config is made of, and what to think of it.
pub(crate) fn explain<C: Config>(runtime: &Runtime<C>) {
    println!("{}", Runtime::<C>::INFO);
    println!("{}", runtime.driver_report());
    println!("{}", Runtime::<C>::MODEL);
    if Runtime::<C>::ADVICE.is_empty() {
        println!("nothing is odd about it");
    }
    for note in Runtime::<C>::ADVICE.notes() {
        println!("advice: {note}");
    }
}

pub(crate) fn table(info: &Info, workers: usize, driver: &DriverReport, load: &Load, outcome: &Outcome) {
    let rate = outcome.requests as f64 / outcome.time.as_secs_f64();
    let per_request = outcome.allocations as f64 / outcome.requests.max(1) as f64;
    row(
        "scheduler",
        format_args!("{} ({}), {workers} worker{}", info.scheduler, info.sharing, if workers == 1 { "" } else { "s" }),
    );
    row("driver", format_args!("{driver}"));
    row("memory", format_args!("{}", info.memory));
    row("task header", format_args!("{} B", info.task_header));
    row("static memory", format_args!("{} B", info.static_bytes));
    for part in info.parts {
        row(&format!("  {}", part.name), format_args!("{} B", part.bytes));
    }
    row("load", format_args!("{} connections, {} B, {:.1} s", load.connections, load.size, outcome.time.as_secs_f64()));
    row("requests/s", format_args!("{rate:.0}"));
    row("p50", format_args!("{}", micros(outcome.latencies.quantile(0.5))));
    row("p99", format_args!("{}", micros(outcome.latencies.quantile(0.99))));
    row("p99.9", format_args!("{}", micros(outcome.latencies.quantile(0.999))));
    row("allocations", format_args!("{per_request:.4} per request ({} in all)", outcome.allocations));
    match outcome.rss_bytes {
        Some(bytes) => row("RSS", format_args!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))),
        None => row("RSS", format_args!("not known on this system")),
    }
    row("bytes checked", format_args!("{}, all as sent", outcome.checked));
}

pub(crate) fn totals(totals: &Totals) {
    row("connections", format_args!("{}", totals.connections.load(Ordering::Relaxed)));
    row("left open", format_args!("{}", totals.open.load(Ordering::Relaxed)));
    row("requests", format_args!("{}", totals.requests.load(Ordering::Relaxed)));
    row("bytes", format_args!("{}", totals.bytes.load(Ordering::Relaxed)));
}

fn row(name: &str, value: core::fmt::Arguments<'_>) {
    println!("{name:<14} {value}");
}

fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_nanos() as f64 / 1000.0)
}

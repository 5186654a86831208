//! The tables.

use crate::args::{How, Load};
use crate::load::Outcome;
use crate::server::Site;
use bespoke::Info;
use bespoke::driver::DriverReport;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(crate) fn table(info: &Info, workers: usize, driver: &DriverReport, load: &Load, how: How, outcome: &Outcome) {
    let seconds = outcome.time.as_secs_f64();
    row(
        "scheduler",
        format_args!("{} ({}), {workers} worker{}", info.scheduler, info.sharing, if workers == 1 { "" } else { "s" }),
    );
    row("driver", format_args!("{driver}"));
    row("memory", format_args!("{}", info.memory));
    row("load", format_args!("{} connections, files of 1 KiB to 4 MiB, {seconds:.1} s", load.connections));
    row("bodies", format_args!("{}", if how.copies { "copied: read and written" } else { "zero-copy: sent" }));
    row("requests/s", format_args!("{:.0}", outcome.requests as f64 / seconds));
    row("bytes/s", format_args!("{:.0}", outcome.bytes as f64 / seconds));
    row("p50", format_args!("{}", micros(outcome.quantile(0.5))));
    row("p99", format_args!("{}", micros(outcome.quantile(0.99))));
    row("bytes checked", format_args!("{}, all as in the files", outcome.checked));
}

pub(crate) fn totals(site: &Site) {
    let totals = &site.totals;
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

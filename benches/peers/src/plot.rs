//! The run as drawings: one SVG per family of rows, a line per row, a dot per runtime with the interval of its ratio to tokio.
//!
//! The axis is logarithmic, because 2 × and ½ × are the same step. Only measures of which less is better are drawn, the first of each
//! row. The crate is plotters: the most used of its kind, and with its SVG backend alone it brings three crates and no fonts.

use core::error::Error;
use std::path::Path;

use harness::stats::Summary;
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::compare::{Counter, Samples, Table};
use crate::field::{REFERENCE, Side};

/// A family of rows: the file's name, the caption, and how the names of its rows begin.
const FAMILIES: &[(&str, &str, &[&str])] = &[
    ("tasks", "Tasks and channels, time per operation", &["spawn", "yield", "ping-pong", "oneshot", "mpsc", "notify"]),
    (
        "time",
        "Timers, start, other threads and processes",
        &["timers", "lateness", "start", "blocking", "file", "process"],
    ),
    ("echo", "Echo, server CPU per request", &["echo", "udp", "unix"]),
    ("workers", "Two workers", &["workers"]),
    ("memory", "Memory", &["parked", "worker-rss", "idle", "futures"]),
];

/// Pixels of a row's line.
const LINE: u32 = 44;
/// Pixels left of the axis, for the rows' names.
const NAMES: u32 = 130;
/// Pixels of the legend.
const LEGEND: u32 = 170;
const WIDTH: u32 = 960;
/// Pixels above and below the lines.
const FRAME: u32 = 110;
/// Pixels of a legend's line.
const ENTRY: u32 = 17;

/// A runtime's dot in a row.
struct Dot {
    line: usize,
    column: usize,
    ratio: Summary,
}

/// Writes the drawings of `tables` into `folder`; a family without figures is left out.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn draw(tables: &[Table], folder: &str) -> Result<(), String> {
    for (name, caption, words) in FAMILIES {
        let rows = |table: &&Table| {
            words.iter().any(|word| table.name.starts_with(word))
                && !Counter::ALL.iter().any(|by| table.name.ends_with(by.suffix()))
        };
        let less = |table: &&Table| !table.measures[0].more && table.reference().is_some();
        let rows: Vec<&Table> = tables.iter().filter(rows).filter(less).collect();
        let path = Path::new(folder).join(format!("{name}.svg"));
        family(&path, caption, &rows).map_err(|error| format!("cannot draw {}: {error}", path.display()))?;
    }
    Ok(())
}

fn family(path: &Path, caption: &str, rows: &[&Table]) -> Result<(), Box<dyn Error>> {
    let mut columns: Vec<&Samples> = Vec::new();
    let mut dots = Vec::new();
    for (line, table) in rows.iter().enumerate() {
        let Some(reference) = table.reference() else { continue };
        for samples in &table.columns {
            let Some(ratio) = samples.over(reference, 0).filter(|ratio| ratio.median > 0.0) else { continue };
            let known = columns.iter().position(|other| other.column == samples.column);
            let column = known.unwrap_or_else(|| {
                columns.push(samples);
                columns.len() - 1
            });
            dots.push(Dot { line, column, ratio });
        }
    }
    if dots.is_empty() {
        return Ok(());
    }
    let (low, high) = dots.iter().fold((0.9, 1.1), |(low, high): (f64, f64), dot| {
        let (from, to) = dot.ratio.interval.unwrap_or((dot.ratio.median, dot.ratio.median));
        (low.min(from.max(dot.ratio.median / 10.0)), high.max(to.min(dot.ratio.median * 10.0)))
    });
    let height = FRAME + (LINE * rows.len() as u32).max(ENTRY * columns.len() as u32);
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(WIDTH - LEGEND);
    let mut chart = ChartBuilder::on(&left)
        .caption(caption, ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(NAMES)
        .build_cartesian_2d((low / 1.15..high * 1.15).log_scale(), 0.0..rows.len() as f64)?;
    let mut mesh = chart.configure_mesh();
    mesh.disable_y_mesh().y_labels(0).x_label_formatter(&|ratio| format!("{ratio}"));
    mesh.x_desc(format!("over {REFERENCE}'s, per round: median and 95 % interval (less is better)")).draw()?;
    // From the top down, in the order of the table.
    let middle = |line: usize| rows.len() as f64 - line as f64 - 0.5;
    let one = [(1.0, 0.0), (1.0, rows.len() as f64)];
    chart.draw_series([PathElement::new(one.to_vec(), BLACK.stroke_width(1))])?;
    for (line, table) in rows.iter().enumerate() {
        let name = EmptyElement::at((low / 1.15, middle(line)))
            + Text::new(table.name.clone(), (-(NAMES as i32) + 8, -6), ("sans-serif", 13));
        chart.draw_series([name])?;
        let below = middle(line) - 0.5;
        let rule = vec![(low / 1.15, below), (high * 1.15, below)];
        chart.draw_series([PathElement::new(rule, BLACK.mix(0.15))])?;
    }
    for dot in &dots {
        // Side by side within the line, so that equal ones are seen.
        let step = 0.8 * (dot.column as f64 + 0.5) / columns.len() as f64 - 0.4;
        let (at, color) = (middle(dot.line) - step, color(columns[dot.column], dot.column));
        let (from, to) = dot.ratio.interval.unwrap_or((dot.ratio.median, dot.ratio.median));
        chart.draw_series([PathElement::new(vec![(from, at), (to, at)], color.stroke_width(1))])?;
        chart.draw_series([Circle::new(
            (dot.ratio.median, at),
            size(columns[dot.column]),
            style(columns[dot.column], color),
        )])?;
    }
    legend(&right, &columns)?;
    root.present()?;
    Ok(())
}

fn legend(area: &DrawingArea<SVGBackend<'_>, Shift>, columns: &[&Samples]) -> Result<(), Box<dyn Error>> {
    for (index, samples) in columns.iter().enumerate() {
        let at = (14, 50 + (ENTRY * index as u32) as i32);
        area.draw(&Circle::new(at, size(samples), style(samples, color(samples, index))))?;
        area.draw(&Text::new(samples.column.name, (at.0 + 12, at.1 - 6), ("sans-serif", 13)))?;
    }
    Ok(())
}

fn size(samples: &Samples) -> i32 {
    if samples.column.side == Side::Ours { 5 } else { 4 }
}

/// Floors are hollow.
fn style(samples: &Samples, color: RGBColor) -> ShapeStyle {
    if samples.column.side == Side::Floor { color.stroke_width(1) } else { color.filled() }
}

/// Ours in blues, tokio in black, the others apart from each other.
fn color(samples: &Samples, index: usize) -> RGBColor {
    match samples.column.side {
        Side::Ours => RGBColor(0, 60 + 40 * (index as u8 % 4), 220),
        Side::Floor => RGBColor(200, 30, 30),
        Side::Peer if samples.column.name == REFERENCE => BLACK,
        Side::Peer => {
            let (r, g, b) = Palette99::COLORS[index % Palette99::COLORS.len()];
            RGBColor(r, g, b)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::table;

    #[test]
    fn a_family_becomes_a_drawing_with_every_runtime_that_has_figures() {
        let folder = std::env::temp_dir().join(format!("bespoke-peers-plot-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut spawn = table();
        spawn.name = "spawn-join".into();
        draw(&[spawn], folder.to_str().unwrap()).unwrap();
        let text = std::fs::read_to_string(folder.join("tasks.svg")).unwrap();
        for word in ["<svg", "spawn-join", "tokio", "bespoke", "smol", "a-floor"] {
            assert!(text.contains(word), "{word}");
        }
        assert!(!text.contains("glommio"), "it has no figures");
        assert!(!folder.join("echo.svg").exists());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! The run as Markdown.

use core::fmt::Write;

use harness::rows::Measure;
use harness::stats::{self, Summary};

use crate::compare::{Samples, Table};
use crate::field::COLUMNS;
use crate::machine::Machine;
use crate::run::SaidOf;

/// The head, the rows' titles, one table, the remarks of the runtimes.
pub(crate) fn markdown(machine: &Machine, tables: &[Table], said: &SaidOf, quick: bool) -> String {
    // Writing to a String does not fail.
    let mut text = String::from("# The same work on other runtimes\n\n");
    if quick {
        text.push_str("**A quick run: short samples, few rounds. Take no figure for better than ±20 %.**\n\n");
    }
    for (fact, value) in machine.facts() {
        let _ = writeln!(text, "- {fact}: {value}");
    }
    text.push_str(
        "\nEach ratio is formed per round, and is the median of these; brackets hold its 95 % interval (order statistics). The best \
         peer is the runtime of others with the best median of that line; the floor is what the machine allows without a \
         runtime. In rows of two workers, tokio is the column of its \
         multi_thread scheduler with two.\n\n",
    );
    for table in tables {
        let _ = writeln!(text, "- **{}**: {}", table.name, table.title);
    }
    text.push_str("\n| row | measure | runtime | median | to tokio | to the best peer | to the floor | n |\n");
    text.push_str("|---|---|---|---:|---|---|---|---:|\n");
    for table in tables {
        for (index, measure) in table.measures.iter().enumerate() {
            // Not every machine counts instructions.
            if index > 0 && table.columns.iter().all(|samples| samples.figures(index).is_empty()) {
                continue;
            }
            for samples in &table.columns {
                let _ = write!(text, "| {} | {} | {} ", table.name, measure.name, samples.column.name);
                text.push_str(&cells(table, samples, index, measure));
            }
        }
    }
    text.push('\n');
    for column in COLUMNS {
        let notes = said.get(column.name).into_iter().flat_map(|said| &said.notes);
        for (row, note) in notes.filter(|(row, _)| tables.iter().any(|table| table.name == *row)) {
            let _ = writeln!(text, "- {row}, {}: {note}.", column.name);
        }
    }
    text
}

/// The cells of one line from the median on.
fn cells(table: &Table, samples: &Samples, index: usize, measure: &Measure) -> String {
    let failure = samples.failure.as_deref().map(|why| why.replace(['|', '\n'], "/"));
    let own = samples.figures(index);
    let Some(Summary { median, .. }) = stats::summary(&own) else {
        return format!("| {} | | | | 0 |\n", failure.as_deref().unwrap_or("no samples"));
    };
    let to = |reference: Option<&Samples>| match reference {
        Some(other) if other.column == samples.column => "1".to_owned(),
        Some(other) => samples.over(other, index).map_or_else(String::new, ratio),
        None => String::new(),
    };
    let best = table.best_peer(index);
    let named = |text: String| match best {
        Some(best) if text != "1" => format!("{text} {}", best.column.name),
        _ => text,
    };
    let note = failure.map(|why| format!(", then {why}")).unwrap_or_default();
    let figure = format!("{} {}", figure(median), measure.unit);
    let cells = [to(table.reference()), named(to(best)), to(table.floor(index))];
    format!("| {}{note} | {} | {} |\n", figure.trim_end(), cells.join(" | "), own.len())
}

/// A ratio with its interval.
fn ratio(summary: Summary) -> String {
    let interval = summary.interval.map(|(low, high)| format!(" [{}, {}]", ratio_text(low), ratio_text(high)));
    ratio_text(summary.median) + &interval.unwrap_or_default()
}

/// Three figures that matter, never an exponent.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Two digits after the point, four for ratios that would otherwise read as nothing.
fn ratio_text(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.4}") } else { format!("{ratio:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::table;

    fn lines() -> String {
        markdown(&Machine::default(), &[table()], &SaidOf::new(), false)
    }

    #[test]
    fn a_line_has_its_three_ratios() {
        let text = lines();
        let line =
            "| row | time | bespoke | 7.50 ns | 0.50 [0.50, 0.50] | 0.62 [0.62, 0.62] smol | 2.00 [2.00, 2.00] | 6 |";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn a_runtime_without_samples_is_shown_with_its_reason() {
        let text = lines();
        assert!(text.contains("| row | time | glommio | unavailable: no ring / \"denied\" | | | | 0 |"), "{text}");
    }
}

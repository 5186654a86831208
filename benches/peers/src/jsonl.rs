//! A sitting as JSON, one object per line, written as it goes: first the machine, then the remarks of the runtimes, a line per row, measure
//! and runtime when the row is over, and how long it took at the end. So a sitting that is cut short has lost one row.
//!
//! | line | when |
//! |---|---|
//! | `{"machine": {FACT: VALUE, …}}` | a sitting begins |
//! | `{"note", "row", "runtime"}` | then, each remark |
//! | `{"row", "measure", "unit", "more_is_better", "runtime", "side", "failure", "samples"}` | a row is over |
//! | `{"took": VALUE}` | the sitting is over |

use core::fmt::Write;

use crate::compare::Table;
use crate::field::{COLUMNS, Side};
use crate::machine::Machine;
use crate::run::SaidOf;

/// The lines that begin a sitting.
pub(crate) fn begins(machine: &Machine, said: &SaidOf) -> String {
    let facts: Vec<String> =
        machine.facts().map(|(fact, value)| format!("{}: {}", quote(fact), quote(value))).collect();
    let mut text = format!("{{\"machine\": {{{}}}}}\n", facts.join(", "));
    for column in COLUMNS {
        for (row, note) in said.get(column.name).into_iter().flat_map(|said| &said.notes) {
            let (note, row, runtime) = (quote(note), quote(row), quote(column.name));
            // Writing to a String does not fail.
            let _ = writeln!(text, "{{\"note\": {note}, \"row\": {row}, \"runtime\": {runtime}}}");
        }
    }
    text
}

/// The lines of a row.
pub(crate) fn row(table: &Table) -> String {
    let mut text = String::new();
    for (index, measure) in table.measures.iter().enumerate() {
        for samples in &table.columns {
            let side = match samples.column.side {
                Side::Ours => "ours",
                Side::Peer => "peer",
                Side::Floor => "floor",
            };
            // Each to its last digit, so that a table of these lines is that of the run.
            let figures: Vec<String> = samples.figures(index).iter().map(f64::to_string).collect();
            // Writing to a String does not fail.
            let _ = writeln!(
                text,
                "{{\"row\": {}, \"measure\": {}, \"unit\": {}, \"more_is_better\": {}, \"runtime\": {}, \"side\": \"{side}\", \
                 \"failure\": {}, \"samples\": [{}]}}",
                quote(&table.name),
                quote(measure.name),
                quote(measure.unit),
                measure.more,
                quote(samples.column.name),
                samples.failure.as_deref().map_or("null".to_owned(), quote),
                figures.join(", ")
            );
        }
    }
    text
}

/// The line that ends a sitting.
pub(crate) fn ends(took: &str) -> String {
    format!("{{\"took\": {}}}\n", quote(took))
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::table;

    #[test]
    fn a_line_each_and_escaped_where_it_must() {
        let text = begins(&Machine::of(&[("kernel", "6 \\ \n")]), &SaidOf::new());
        assert_eq!(text, "{\"machine\": {\"kernel\": \"6 \\\\ \\u000a\"}}\n");
        let text = row(&table());
        assert_eq!(text.lines().count(), 5);
        assert!(text.contains(r#""failure": "unavailable: no ring | \"denied\"""#), "{text}");
        assert!(
            text.contains(r#""runtime": "tokio", "side": "peer", "failure": null, "samples": [10, 10, 10, 20,"#),
            "{text}"
        );
        assert_eq!(ends("3 s"), "{\"took\": \"3 s\"}\n");
    }
}

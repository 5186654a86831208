//! All samples as JSON, one object per line: first the machine, then a line per row, measure and runtime.

use core::fmt::Write;

use crate::compare::Table;
use crate::field::Side;
use crate::machine::Machine;

/// `{"machine": {…}}`, then `{"row", "measure", "unit", "more_is_better", "runtime", "side", "failure", "samples"}` each.
pub(crate) fn lines(machine: &Machine, tables: &[Table]) -> String {
    let facts: Vec<String> =
        machine.facts().map(|(fact, value)| format!("{}: {}", quote(fact), quote(value))).collect();
    let mut text = format!("{{\"machine\": {{{}}}}}\n", facts.join(", "));
    for table in tables {
        for (index, measure) in table.measures.iter().enumerate() {
            for samples in &table.columns {
                let side = match samples.column.side {
                    Side::Ours => "ours",
                    Side::Peer => "peer",
                    Side::Floor => "floor",
                };
                let figures: Vec<String> = samples.figures(index).iter().map(|figure| format!("{figure:.3}")).collect();
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
    }
    text
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
        let text = lines(&Machine::of(&[("kernel", "6 \\ \n")]), &[table()]);
        assert_eq!(text.lines().count(), 6);
        assert!(text.starts_with(r#"{"machine": {"kernel": "6 \\ \u000a"}}"#), "{text}");
        assert!(text.contains(r#""failure": "unavailable: no ring | \"denied\"""#), "{text}");
        assert!(
            text.contains(r#""runtime": "tokio", "side": "peer", "failure": null, "samples": [10.000, 10.000,"#),
            "{text}"
        );
    }
}

//! The source of a batch: many functions, each through both, and a main function that compares them.

use crate::grammar::Function;

/// The text of a batch, and where each of its functions stands in it.
#[derive(Debug)]
pub struct Batch {
    /// The program.
    pub text: String,
    /// The lines of each function, as it was given: those of ours and those of rustc's.
    pub lines: Vec<Lines>,
}

/// Lines, counted from 1, the second of each pair not included.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    /// Under the attribute.
    pub ours: (usize, usize),
    /// As it is.
    pub theirs: (usize, usize),
    /// The calls of both.
    pub calls: (usize, usize),
}

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// That of the function under the attribute.
    Ours,
    /// That of the function as it is.
    Theirs,
}

const ATTRIBUTE: &str = "#[bespoke_macros::async_fn(crate = ::bespoke_test_generated)]\n";

impl Batch {
    /// Writes the program.
    pub fn new(functions: &[Function]) -> Batch {
        let mut text = String::new();
        let line = |text: &str| text.matches('\n').count() + 1;
        text.push_str("use bespoke_test_generated::harness::{self, *};\n");
        let mut sides = Vec::new();
        for (module, attribute) in [("ours", ATTRIBUTE), ("theirs", "")] {
            text.push_str(&format!("mod {module} {{\nuse bespoke_test_generated::harness::*;\n"));
            let mut lines = Vec::new();
            for function in functions {
                let from = line(&text);
                for item in &function.items {
                    text.push_str(attribute);
                    text.push_str(&item.head);
                    item.body.render(0, &mut text);
                    text.push('\n');
                }
                lines.push((from, line(&text)));
            }
            text.push_str("}\n");
            sides.push(lines);
        }
        let mut lines = Vec::new();
        let mut cases = String::new();
        for (n, function) in functions.iter().enumerate() {
            let Function { name, before, arguments, .. } = function;
            let from = line(&text);
            for module in ["ours", "theirs"] {
                let call = format!("fn {module}_{name}(run: &mut Drive) {{ {before}run.run({module}::{name}({arguments})); }}\n");
                text.push_str(&call);
            }
            lines.push(Lines { ours: sides[0][n], theirs: sides[1][n], calls: (from, line(&text)) });
            cases.push_str(&format!("    Case {{ name: \"{name}\", ours: ours_{name}, theirs: theirs_{name} }},\n"));
        }
        text.push_str(&format!("fn main() {{ harness::main(&[\n{cases}]); }}\n"));
        Batch { text, lines }
    }

    /// The function that a line belongs to.
    pub fn find(&self, line: usize) -> Option<(usize, Side)> {
        let within = |(from, to): (usize, usize)| (from..to).contains(&line);
        self.lines.iter().enumerate().find_map(|(n, lines)| {
            if within(lines.theirs) {
                return Some((n, Side::Theirs));
            }
            (within(lines.ours) || within(lines.calls)).then_some((n, Side::Ours))
        })
    }
}

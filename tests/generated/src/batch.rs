//! The source of a batch: many functions, each through both, and a main function that compares them.

use crate::grammar::{Function, HOST};

/// The text of a batch, and where each of its functions stands in it.
#[derive(Debug)]
pub struct Batch {
    /// The program.
    pub text: String,
    /// The lines of each function, in the order in which they were given.
    lines: Vec<Lines>,
}

/// Lines, counted from 1, the second of each pair not included.
#[derive(Clone, Copy, Debug)]
struct Lines {
    ours: (usize, usize),
    theirs: (usize, usize),
    calls: (usize, usize),
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
    /// Writes the program. A function is known to it by its position.
    pub fn new(functions: &[Function], sides: &[Side]) -> Batch {
        let mut text = String::from("use bespoke_test_generated::harness::{self, Case, Drive, *};\n");
        let mut found = Vec::new();
        for side in [Side::Ours, Side::Theirs] {
            let mut lines = Vec::new();
            text.push_str(&format!("mod {} {{\n", side.module()));
            for (n, function) in functions.iter().enumerate() {
                let from = line(&text);
                if sides.contains(&side) {
                    function_module(&mut text, n, function, side);
                }
                lines.push((from, line(&text)));
            }
            text.push_str("}\n");
            found.push(lines);
        }
        let mut lines = Vec::new();
        let mut cases = String::new();
        for (n, Function { name, before, arguments, .. }) in functions.iter().enumerate() {
            let from = line(&text);
            for side in sides {
                let module = side.module();
                let call = format!("{before}run.run({module}::m{n}::{name}({arguments}));");
                let call = call.replace(HOST, &format!("{module}::m{n}::Host"));
                text.push_str(&format!("fn {module}_{n}(run: &mut Drive) {{ {call} }}\n"));
            }
            lines.push(Lines { ours: found[0][n], theirs: found[1][n], calls: (from, line(&text)) });
            let (ours, theirs) = (sides[0].module(), sides[sides.len() - 1].module());
            cases.push_str(&format!("    Case {{ name: \"{n}\", ours: {ours}_{n}, theirs: {theirs}_{n} }},\n"));
        }
        text.push_str(&format!("fn main() {{ harness::main(&[\n{cases}]); }}\n"));
        Batch { text, lines }
    }

    /// The function that a line belongs to, by its position.
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

impl Side {
    fn module(self) -> &'static str {
        match self {
            Side::Ours => "ours",
            Side::Theirs => "theirs",
        }
    }
}

fn line(text: &str) -> usize {
    text.matches('\n').count() + 1
}

/// In a module of its own, so that functions may have equal names.
fn function_module(text: &mut String, n: usize, function: &Function, side: Side) {
    text.push_str(&format!("pub mod m{n} {{\nuse bespoke_test_generated::harness::*;\n"));
    for item in &function.items {
        item.render(if side == Side::Ours { ATTRIBUTE } else { "" }, text);
    }
    text.push_str("}\n");
}

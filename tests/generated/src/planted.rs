//! The defects that a prototype of the macro had, planted again behind `--cfg bespoke_planted="…"`: each must be found.

use crate::check::Verdict;
use crate::grammar::Function;
use crate::miri;
use crate::rows::Row;
use crate::session::{Plan, run, told};
use crate::toolchain::Toolchain;
use crate::traps;

/// A defect.
#[derive(Debug)]
pub struct Planted {
    /// The value of the cfg.
    pub name: &'static str,
    /// What is wrong.
    pub what: &'static str,
    /// How it is found.
    by: By,
}

/// What finds a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// A function that differs, crashes, or does not compile.
    Functions,
    /// A trap that is not refused.
    Traps,
    /// Miri.
    Miri,
    /// The number of instructions.
    Instructions,
}

const fn planted(name: &'static str, what: &'static str, by: By) -> Planted {
    Planted { name, what, by }
}

/// All of them, in the order of the specification.
pub const PLANTED: &[Planted] = &[
    planted("1", "the analysis and the rewriting disagree on who is moved: double free", By::Functions),
    planted("2", "temporaries of a condition's operands live as long as the branch", By::Functions),
    planted("3", "the parentheses of `(x as u8) < y` are lost between two stages", By::Functions),
    planted("4", "the value of an await is a local, and not a temporary of its statement", By::Functions),
    planted("5", "the awaited future is dropped at the end of the state, and not at once", By::Functions),
    planted("6", "places that share bytes are a list, and not a balanced tree: the type is too deep", By::Functions),
    planted("7", "arguments of a future that was never polled are dropped in reverse", By::Functions),
    planted("8", "arguments share their bytes with the places of the body", By::Functions),
    planted("9", "a closure that is called counts as moved", By::Functions),
    planted("10", "a reference to the whole frame is made at each poll", By::Miri),
    planted("11", "numbers and references are read by a generic function, which breaks coercions", By::Functions),
    planted("12", "every jump goes through the dispatch", By::Instructions),
    planted("13", "nothing asks rustc whether a name in a pattern is a constant", By::Traps),
    planted("14", "uses of a place have the hygiene of its declaration", By::Traps),
];

/// Within how many functions each must be found.
const FUNCTIONS_MAX: u64 = 2000;
/// How many of them Miri runs.
const MIRI_MAX: usize = 30;

impl Planted {
    /// Looks for the defect.
    ///
    /// # Errors
    /// It was not found.
    pub fn find(&self, plan: &Plan) -> Result<(), String> {
        let found = match self.by {
            By::Functions => {
                let toolchain = Toolchain::new(Some(self.name))?;
                let plan = Plan { from: 0, count: FUNCTIONS_MAX, batch: 25, jobs: 1, first: true, ..*plan };
                let findings = run(&toolchain, &plan);
                if let Some((index, wrong)) =
                    findings.failures.iter().find(|(_, verdict)| matches!(verdict, Verdict::Wrong(_)))
                {
                    return Err(format!("f{index}: {}", told(wrong)));
                }
                let failures = findings.failures.first_key_value();
                failures.map(|(index, verdict)| format!("by f{index}: {}", told(verdict)))
            }
            By::Traps => traps::run(&Toolchain::new(Some(self.name))?, plan.seed, 5)
                .err()
                .map(|text| format!("by a trap:\n{text}")),
            By::Miri => {
                // Miri takes seconds for each, so the ones that cannot show it are left out.
                let functions: Vec<Function> = (0..FUNCTIONS_MAX)
                    .map(|index| Function::generate(plan.seed, index))
                    .filter(|function| function.rows.of(Row::Exclusive) > 0)
                    .take(MIRI_MAX)
                    .collect();
                miri::run(&functions, Some(self.name)).err().map(|text| format!("by Miri: {text}"))
            }
            By::Instructions => {
                let toolchain = Toolchain::new(Some(self.name))?;
                crate::instructions::run(&toolchain).err().map(|text| format!("by instructions: {text}"))
            }
        };
        match found {
            Some(found) => {
                println!("planted {}, {}: found {found}", self.name, self.what);
                Ok(())
            }
            None => Err(format!("planted {}, {}: NOT FOUND", self.name, self.what)),
        }
    }
}

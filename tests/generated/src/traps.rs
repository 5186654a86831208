//! Functions that rustc's `async fn` takes and `#[async_fn]` must refuse, since it would give them another meaning: what it
//! cannot know of names. Each is a generated function with a trap in it.

use crate::check::{Verdict, check};
use crate::grammar::{Function, Item};
use crate::random::Random;
use crate::session::told;
use crate::toolchain::{Kind, Toolchain};
use crate::tree::Stmt;

/// A kind of trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// A constant with a name in lower case, as a pattern: taken for a local, it would match everything.
    Constant,
    /// Two locals of one name and of different hygiene: taken for one, the wrong one would be used.
    Hygiene,
}

impl Trap {
    /// Every kind.
    pub const ALL: &[Trap] = &[Trap::Constant, Trap::Hygiene];

    /// How rustc refuses what comes of it.
    pub fn error(self) -> &'static str {
        match self {
            Trap::Constant => "E0530",
            Trap::Hygiene => "E0425",
        }
    }

    /// The generated function of that number, with this trap in it.
    pub fn generate(self, seed: u64, index: u64) -> Function {
        let mut function = Function::generate(seed, index);
        let mut random = Random::of(!seed, index);
        let mut at = |stmts: &[Stmt], from: usize| from + random.below(stmts.len() + 1 - from);
        let Some(Item { before, body, after, .. }) = function.items.last_mut() else { return function };
        let stmts = &mut body.stmts;
        match self {
            Trap::Constant => {
                let place = at(stmts, 0);
                let text =
                    "match number(901) { least => { wait(902, 1, ()).await; } _ => { wait(903, 1, ()).await; } }";
                stmts.insert(place, Stmt::text(text));
            }
            Trap::Hygiene => {
                let first = at(stmts, 0);
                stmts.insert(first, Stmt::text("let $shared = d(901); wait(902, 1, ()).await;"));
                let second = at(stmts, first + 1);
                stmts.insert(second, Stmt::text("let shared = d(903); wait(904, 1, ()).await;"));
                let third = at(stmts, second + 1);
                stmts.insert(third, Stmt::text("$shared.touch(); shared.touch();"));
                before.insert_str(0, "macro_rules! made { ($shared:ident) => {\n");
                after.push_str("\n} }\nmade!(shared);");
            }
        }
        function
    }
}

/// Checks that so many functions with a trap of each kind are refused, and says how many there were.
///
/// # Errors
/// The first function that is not refused for its trap.
pub fn run(toolchain: &Toolchain, seed: u64, count: u64) -> Result<usize, String> {
    let mut refused = 0;
    for trap in Trap::ALL {
        let functions: Vec<Function> = (0..count).map(|index| trap.generate(seed, index)).collect();
        let name = format!("traps_{}_{trap:?}", std::process::id());
        for (function, verdict) in functions.iter().zip(check(toolchain, &name, &functions, Kind::Check)) {
            match verdict {
                Verdict::Refused(text) if text.contains(trap.error()) => refused += 1,
                verdict => return Err(format!("{}\n{trap:?}: {}", function.text(), told(&verdict))),
            }
        }
    }
    Ok(refused)
}

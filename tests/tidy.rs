//! Architecture rules as tests. A rule is a function over paths and texts that returns [`Finding`]s; each has a test
//! that runs it over this repository and a test that feeds it a violation and sees it found.
//!
//! Rules read the text of the sources, not their meaning: comments and the contents of strings are blanked first (see
//! [`tidy/text.rs`](tidy/text.rs)), and code under `#[cfg(test)]`, in `tests.rs` and in `tests/` folders is exempt
//! from the rules about the product.

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/lines.rs"]
mod lines;
#[path = "tidy/text.rs"]
mod text;

use std::fmt;

/// A line that breaks a rule, and what to do about it.
#[derive(Debug)]
struct Finding {
    rule: &'static str,
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.path, self.line, self.rule, self.what)
    }
}

/// Fails with every finding, one per line.
#[track_caller]
fn none(found: &[Finding]) {
    let list: Vec<String> = found.iter().map(Finding::to_string).collect();
    assert!(found.is_empty(), "{} finding(s):\n{}", found.len(), list.join("\n"));
}

/// Fails unless exactly the lines `lines` were found, in order.
#[track_caller]
fn only(found: &[Finding], lines: &[usize]) {
    let at: Vec<usize> = found.iter().map(|f| f.line).collect();
    assert_eq!(at, lines, "{found:#?}");
    assert!(found.iter().all(|f| !f.rule.is_empty() && !f.path.is_empty() && f.what.len() > 20));
}

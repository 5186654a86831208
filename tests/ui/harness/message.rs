//! The compiler's text: what it underlines, and the form in which it is kept.

use std::path::Path;

/// Does an error say `sentence`, with its carets under exactly `token`?
pub(crate) fn says_under(text: &str, sentence: &str, token: &str) -> bool {
    errors(text).any(|error| error.contains(sentence) && underlined(error).iter().any(|found| found == token))
}

/// The errors of a text, each with its notes.
fn errors(text: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<usize> = text
        .match_indices("error")
        .map(|(at, _)| at)
        .filter(|&at| at == 0 || text[..at].ends_with('\n'))
        .chain([text.len()])
        .collect();
    (1..starts.len()).map(move |n| &text[starts[n - 1]..starts[n]])
}

/// What stands above the carets of an error; its notes are left out. Where a label (`-`) lies inside the carets, both
/// readings are given: the carets alone, and all of it.
fn underlined(error: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut source: Vec<char> = Vec::new();
    let head = error.lines().take_while(|line| !line.starts_with("note:") && !line.starts_with("help:"));
    for line in head {
        let Some((gutter, drawn)) = line.split_once('|') else { continue };
        if gutter.trim().parse::<u32>().is_ok() {
            source = line.chars().collect();
            continue;
        }
        if !gutter.trim().is_empty() || !drawn.contains('^') {
            continue;
        }
        let marks: Vec<char> = line.chars().collect();
        for run_of in [&['^'][..], &['^', '-'][..]] {
            let mut at = 0;
            while at < marks.len() {
                let end = at + marks[at..].iter().take_while(|mark| run_of.contains(mark)).count();
                if marks[at..end].contains(&'^') {
                    found.push(source.iter().skip(at).take(end - at).collect());
                }
                at = end.max(at + 1);
            }
        }
    }
    found
}

/// Whose file a location names.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    /// The case: its line numbers are kept.
    Case,
    /// The product: its lines move with every change above them, so their numbers are not kept.
    Product,
    /// The standard library: its source is not on every machine, so neither are its lines.
    Library,
}

/// The text without what differs from one machine, or one unrelated change, to the next: paths, the line numbers of the
/// product, the sizes of its types, the width of the margin, and the closing remarks.
pub(crate) fn normal(text: &str, root: &Path) -> String {
    let text = text.replace(&format!("{}/", root.display()), "").replace("tests/ui/", "");
    let mut out = String::new();
    let mut owner = Owner::Case;
    for line in text.lines() {
        let start = line.trim_start();
        if CLOSING.iter().any(|closing| line.starts_with(closing)) || LONG_TYPE.iter().any(|note| line.contains(note)) {
            continue;
        }
        let line = if let Some((arrow, place)) = location(start) {
            let (place, whose) = placed(place);
            owner = whose;
            format!("  {arrow} {place}")
        } else if let Some((number, drawn)) = margin(start) {
            match owner {
                Owner::Library => continue,
                Owner::Product if !number.is_empty() => format!("LL |{drawn}"),
                _ => format!("{number:>2} |{drawn}"),
            }
        } else if let Some(drawn) = replacement(start).filter(|_| matches!(owner, Owner::Product)) {
            format!("LL {drawn}")
        } else if start.starts_with("= ") {
            format!("   {start}")
        } else {
            line.to_string()
        };
        out.push_str(&closures(&sizes(&line)));
        out.push('\n');
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out.replace("\n\n\n", "\n\n")
}

/// The number of the first line that differs, from 1.
pub(crate) fn first_difference(a: &str, b: &str) -> Option<usize> {
    let (mut a, mut b) = (a.lines(), b.lines());
    let mut line = 1;
    loop {
        match (a.next(), b.next()) {
            (None, None) => return None,
            (a, b) if a != b => return Some(line),
            _ => line += 1,
        }
    }
}

fn location(start: &str) -> Option<(&str, &str)> {
    ["-->", ":::"].into_iter().find_map(|arrow| start.strip_prefix(arrow).map(|rest| (arrow, rest.trim())))
}

/// The place as it is kept, and whose it is.
fn placed(place: &str) -> (String, Owner) {
    let path = place.trim_end_matches(|c: char| c == ':' || c.is_ascii_digit());
    if let Some((_, inside)) = path.split_once("/library/") {
        return (format!("$RUST/{inside}"), Owner::Library);
    }
    if path.contains('/') { (path.to_string(), Owner::Product) } else { (place.to_string(), Owner::Case) }
}

/// A line of a snippet: its number, if it has one, and what is drawn.
fn margin(start: &str) -> Option<(&str, &str)> {
    let (number, drawn) = start.split_once('|')?;
    let number = number.trim();
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    // Replacements are drawn with a sign: `2 + use a::B;` has no bar, and stays as it is.
    is_number.then_some((number, drawn))
}

/// A line of a replacement, without its number: `2 + use a::B;`.
fn replacement(start: &str) -> Option<&str> {
    let drawn = start.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(' ')?;
    let signed = ["- ", "+ ", "~ "].iter().any(|sign| drawn.starts_with(sign));
    (signed && drawn.len() + 1 < start.len()).then_some(drawn)
}

/// Closures are called by where they are written, which is a line of the product if it is one of a macro's.
fn closures(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{closure@") {
        let (place, behind) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str("{closure@");
        out.push_str(place.split(':').next().unwrap_or(place));
        out.push('}');
        rest = behind;
    }
    out + rest
}

/// Sizes of the product's own types, which change with the product.
fn sizes(line: &str) -> String {
    let mut line = line.to_string();
    for before in ["needs ", "worker, ", "driver, "] {
        if let Some(at) = line.find(before).map(|at| at + before.len()) {
            let digits = line[at..].bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 && line[at + digits..].starts_with(" B") {
                line.replace_range(at..at + digits, "N");
            }
        }
    }
    line
}

const CLOSING: [&str; 4] = ["error: aborting due to", "For more information about", "Some errors have", "warning: "];
const LONG_TYPE: [&str; 3] = ["the full type name", "the full name for the type", "consider using `--verbose`"];

#[cfg(test)]
const TEXT: &str = "\
error[E0080]: evaluation panicked: LOCAL_QUEUE is 100, but must be a power of two
   --> tests/ui/a.rs:8:32
    |
  7 | impl Config for App {
    |                 --- here
  8 |     const LOCAL_QUEUE: usize = 100;
    |                                ^^^ evaluation failed here
    |
note: because of
   --> runtime-core/src/a/mod.rs:108:1
    |
108 | pub trait A {}
    | ^^^^^^^^^^^
108 - pub trait A {}
108 + trait A {}
    = note: of `{closure@mod.rs:109:7}` and `{closure@mod.rs:110:7}`
note: because of
   --> /rustc/59807/library/std/src/thread/functions.rs:125:0
    |
125 | pub fn spawn() {}
    |        ^^^^^
    = note: `App` needs 1234 B of static memory, the budget is 64 B; largest part: worker, 99 B for 1 worker(s)

error: aborting due to 1 previous error

For more information about this error, try `rustc --explain E0080`.
";

#[test]
fn carets_are_read() {
    assert!(says_under(TEXT, "LOCAL_QUEUE is 100", "100"));
    assert!(!says_under(TEXT, "LOCAL_QUEUE is 100", "10"), "a part of the token");
    assert!(!says_under(TEXT, "LOCAL_QUEUE is 100", "App"), "a label is not a caret");
    assert!(!says_under(TEXT, "LOCAL_QUEUE is 100", "pub trait A"), "a note is not the error");
    assert!(!says_under(TEXT, "POLL_BUDGET", "100"), "another sentence");
    let labelled = "error: a\n |\n3 |     type Drivr = Mio;\n  |     ^^^^^-----^^^^^^^\n";
    assert!(says_under(labelled, "a", "type Drivr = Mio;"));
    let within = "error: a\n |\n3 |     spawn(greet(&name));\n  |     ------------^^^^^--\n";
    assert!(says_under(within, "a", "&name"));
}

#[test]
fn the_kept_form_has_no_machine_in_it() {
    let kept = "\
error[E0080]: evaluation panicked: LOCAL_QUEUE is 100, but must be a power of two
  --> a.rs:8:32
   |
 7 | impl Config for App {
   |                 --- here
 8 |     const LOCAL_QUEUE: usize = 100;
   |                                ^^^ evaluation failed here
   |
note: because of
  --> runtime-core/src/a/mod.rs
   |
LL | pub trait A {}
   | ^^^^^^^^^^^
LL - pub trait A {}
LL + trait A {}
   = note: of `{closure@mod.rs}` and `{closure@mod.rs}`
note: because of
  --> $RUST/std/src/thread/functions.rs
   = note: `App` needs N B of static memory, the budget is 64 B; largest part: worker, N B for 1 worker(s)
";
    let root = Path::new("/anywhere/at/all");
    assert_eq!(normal(TEXT, root), kept);
    assert_eq!(normal(&TEXT.replace("--> tests/ui/", "--> /anywhere/at/all/tests/ui/"), root), kept);
}

#[test]
fn the_first_different_line_is_named() {
    assert_eq!(first_difference("a\nb", "a\nb"), None);
    assert_eq!(first_difference("a\nb", "a\nc"), Some(2));
    assert_eq!(first_difference("a", "a\nb"), Some(2));
}

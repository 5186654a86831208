//! A case: a program, and on its first lines what the compiler must say.
//!
//! | line | meaning |
//! |---|---|
//! | `//~ UNDER token: sentence` | an error says this, and its carets stand under exactly this token |
//! | ``//~ UNDER `a: b`: sentence`` | the same, for a token with a colon |
//! | `//~ RUSTC UNDER token: sentence` | the same, in rustc's words: asked for on the pinned toolchain only |
//! | `//~ SAYS sentence` | the message says this anywhere |
//! | `//~ BUILD` | the mistake shows when code is generated, not before |
//! | `//~ CORE` | the program names `bespoke_core` too: parts that the facade does not show yet |
//! | `//~ EXTERN name` | the facade is known to the program by this name only |
//! | `//~ FLAGS a b` | compile it with these flags (once for each such line) |

use std::fmt;
use std::path::{Path, PathBuf};

/// What the compiler must say.
#[derive(Debug, PartialEq)]
pub(crate) enum Expected {
    Under { token: String, sentence: String, of_rustc: bool },
    Says(String),
}

impl Expected {
    pub(crate) fn of_rustc(&self) -> bool {
        matches!(self, Expected::Under { of_rustc: true, .. })
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Under { token, sentence, .. } => write!(f, "{sentence:?} under {token:?}"),
            Expected::Says(sentence) => write!(f, "{sentence:?}"),
        }
    }
}

/// A program of `tests/ui`.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) expected: Vec<Expected>,
    pub(crate) build: bool,
    pub(crate) core: bool,
    /// The name of the facade.
    pub(crate) facade: String,
    pub(crate) flags: Vec<Vec<String>>,
}

impl Case {
    /// The kept text of the message.
    pub(crate) fn stderr_path(&self) -> PathBuf {
        self.path.with_extension("stderr")
    }
}

/// The cases of a folder, by name.
pub(crate) fn all(folder: &Path) -> Vec<Case> {
    let read = |name: String| {
        let path = folder.join(&name).with_extension("rs");
        let text = std::fs::read_to_string(&path).expect("a case can be read");
        parse(name, path, &text)
    };
    names(folder, "rs").into_iter().map(read).collect()
}

/// The names of the files of a folder with this extension, in order.
pub(crate) fn names(folder: &Path, extension: &str) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of the cases can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.extension().is_some_and(|found| found == extension) {
            names.push(path.file_stem().expect("a file has a name").to_string_lossy().into_owned());
        }
    }
    names.sort();
    names
}

fn parse(name: String, path: PathBuf, text: &str) -> Case {
    let mut case = Case {
        name,
        path,
        expected: Vec::new(),
        build: false,
        core: false,
        facade: "bespoke".into(),
        flags: Vec::new(),
    };
    for line in text.lines().map_while(|line| line.strip_prefix("//~ ")) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "UNDER" => case.expected.push(under(&case.name, rest, false)),
            "RUSTC" => {
                let rest = rest.strip_prefix("UNDER ").unwrap_or_else(|| panic!("{}: RUSTC UNDER", case.name));
                case.expected.push(under(&case.name, rest, true));
            }
            "SAYS" => case.expected.push(Expected::Says(rest.into())),
            "BUILD" => case.build = true,
            "CORE" => case.core = true,
            "EXTERN" => case.facade = rest.into(),
            "FLAGS" => case.flags.push(rest.split_whitespace().map(String::from).collect()),
            _ => panic!("{}: what does `//~ {line}` mean?", case.name),
        }
    }
    case
}

fn under(name: &str, rest: &str, of_rustc: bool) -> Expected {
    let split = match rest.strip_prefix('`') {
        Some(quoted) => quoted.split_once("`: "),
        None => rest.split_once(": "),
    };
    let (token, sentence) = split.unwrap_or_else(|| panic!("{name}: expected `token: sentence` in {rest:?}"));
    Expected::Under { token: token.into(), sentence: sentence.into(), of_rustc }
}

#[test]
fn the_first_lines_of_a_case_are_read() {
    let text = "//~ UNDER 100: a: b\n//~ RUSTC UNDER `x: u8`: c\n//~ SAYS d e\n//~ BUILD\n//~ CORE\n//~ EXTERN rt\n\
                //~ FLAGS --cfg a\n//~ FLAGS\nfn main() {}\n//~ SAYS not read";
    let case = parse("name".into(), "a/name.rs".into(), text);
    let expected = [
        Expected::Under { token: "100".into(), sentence: "a: b".into(), of_rustc: false },
        Expected::Under { token: "x: u8".into(), sentence: "c".into(), of_rustc: true },
        Expected::Says("d e".into()),
    ];
    assert_eq!(case.expected, expected);
    assert!(case.build && case.core && case.facade == "rt");
    assert_eq!(case.flags, [vec!["--cfg".to_string(), "a".to_string()], vec![]]);
    assert_eq!(case.stderr_path(), Path::new("a/name.stderr"));
}

#[test]
#[should_panic(expected = "what does `//~ UNDRE 1: a` mean?")]
fn a_misspelt_line_is_refused() {
    parse("name".into(), "name.rs".into(), "//~ UNDRE 1: a");
}

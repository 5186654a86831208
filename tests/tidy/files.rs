//! The files of the repository, and the rules about files as such: reached, not too long, no machine paths.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::text::{code, ident, is_test_file, line_of, words};
use crate::{Finding, none, only};

const FILE_LINES_MAX: usize = 600;
/// rustfmt holds code at 120; it leaves comments and strings alone, and those may run over by a word.
const LINE_CHARS_MAX: usize = 130;

/// Folders of product sources.
pub(crate) const SOURCE_ROOTS: &[&str] =
    &["src/", "runtime-core/src/", "runtime-drivers/src/", "runtime-alloc/src/", "runtime-macros/src/"];

/// Path (from the repository's root, with `/`) and text of every text file that is tracked or could be added.
pub(crate) fn all() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = if root.join(".git").exists() { listed(root) } else { walked(root) };
    let files: Vec<_> = paths
        .into_iter()
        // A file deleted but not yet committed is listed and cannot be read; a binary one has no lines.
        .filter_map(|path| std::fs::read_to_string(root.join(&path)).ok().map(|text| (path, text)))
        .collect();
    assert!(files.iter().any(|(path, _)| path == "src/lib.rs"), "the list of files misses src/lib.rs");
    files
}

/// The Rust sources of the product.
pub(crate) fn sources() -> Vec<(String, String)> {
    let mut files = all();
    files.retain(|(path, _)| is_source(path));
    assert!(files.len() >= SOURCE_ROOTS.len(), "a source folder is missing");
    files
}

pub(crate) fn is_source(path: &str) -> bool {
    path.ends_with(".rs") && SOURCE_ROOTS.iter().any(|root| path.starts_with(root))
}

fn listed(root: &Path) -> Vec<String> {
    let git = |extra: &[&str]| {
        let mut command = Command::new("git");
        // The clone may belong to another user, as it does in containers.
        command.args(["-c", "safe.directory=*", "-c", "core.quotePath=false", "ls-files"]).args(extra);
        let out = command.current_dir(root).output().expect("git is needed to list the files");
        assert!(out.status.success(), "git ls-files: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).expect("file names are UTF-8")
    };
    let mut paths: BTreeSet<String> = git(&["--cached"]).lines().map(String::from).collect();
    // New sources count before they are added; other new files may be anybody's notes.
    paths.extend(git(&["--others", "--exclude-standard", "--", "*.rs"]).lines().map(String::from));
    paths.into_iter().collect()
}

/// A packaged copy has no `.git`: there every file is ours.
fn walked(root: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of ours can be read") {
            let path = entry.expect("an entry of ours can be read").path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    folders.push(path);
                }
            } else if let Ok(inside) = path.strip_prefix(root) {
                paths.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    paths.sort();
    paths
}

/// Rule: every file of a source folder is reached from its `lib.rs` or `main.rs` by `mod` declarations.
fn unreached(root: &str, files: &[(String, String)]) -> Vec<Finding> {
    let texts: BTreeMap<&str, &str> =
        files.iter().filter(|(p, _)| p.starts_with(root) && p.ends_with(".rs")).map(|(p, t)| (&**p, &**t)).collect();
    let mut reached = BTreeSet::new();
    let mut next: Vec<String> = ["lib.rs", "main.rs"].iter().map(|name| format!("{root}{name}")).collect();
    while let Some(path) = next.pop() {
        if let Some(text) = texts.get(&*path)
            && reached.insert(path.clone())
        {
            next.extend(declared(&path, text));
        }
    }
    let lost = texts.keys().filter(|path| !reached.contains(**path));
    lost.map(|path| Finding {
        rule: "reached",
        path: (*path).into(),
        line: 1,
        what: "no `mod` declaration reaches this file, so nothing compiles it: declare it or delete it".into(),
    })
    .collect()
}

/// The files that the `mod x;` declarations of a file may mean.
fn declared(path: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let (folder, name) = path.rsplit_once('/').expect("a source has a folder");
    let own = match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_string(),
        _ => path.trim_end_matches(".rs").to_string(),
    };
    let mut files = Vec::new();
    for at in words(&code, "mod") {
        let rest = code[at + 3..].trim_start();
        let name = ident(rest);
        if name.is_empty() || !rest[name.len()..].trim_start().starts_with(';') {
            continue;
        }
        let inside: String = inline_modules(&code, at).iter().map(|m| format!("{m}/")).collect();
        // A `#[path]` stands between the end of the item before and the `mod`.
        let item = code[..at].rfind([';', '}', '{']).map_or(0, |n| n + 1);
        if let Some(given) = code[item..at].find("#[path").map(|n| &text[item + n..at]) {
            let given = given.split('"').nth(1).expect("#[path] has a string");
            // rustc looks beside the file; within inline modules, in their folder.
            let from = if inside.is_empty() { folder } else { &own };
            files.push(format!("{from}/{inside}{given}"));
        } else {
            files.push(format!("{own}/{inside}{name}.rs"));
            files.push(format!("{own}/{inside}{name}/mod.rs"));
        }
    }
    files
}

/// The inline modules around an offset, outermost first.
pub(crate) fn inline_modules(code: &str, at: usize) -> Vec<&str> {
    let mut open: Vec<Option<&str>> = Vec::new();
    for (n, byte) in code.bytes().enumerate().take(at) {
        match byte {
            b'{' => {
                let head = code[..n].trim_end();
                let start = head.bytes().rposition(|b| !crate::text::is_word(b)).map_or(0, |p| p + 1);
                let is_module = head[..start].trim_end().ends_with("mod") && start < head.len();
                open.push(is_module.then(|| &head[start..]));
            }
            b'}' => drop(open.pop()),
            _ => {}
        }
    }
    open.into_iter().flatten().collect()
}

/// Rule: a source file has at most [`FILE_LINES_MAX`] lines of [`LINE_CHARS_MAX`] characters; tables and links may be wider.
fn long(path: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let table = line.trim_start().trim_start_matches(['/', '!']).trim_start().starts_with('|');
        if line.chars().count() > LINE_CHARS_MAX && !table && !line.contains("://") {
            let what = format!("{} characters: break the line at {LINE_CHARS_MAX}", line.chars().count());
            found.push(Finding { rule: "long", path: path.into(), line: n + 1, what });
        }
    }
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX && !is_test_file(path) {
        let what = format!("{lines} lines, more than {FILE_LINES_MAX}: look for the second subject and give it a file");
        found.push(Finding { rule: "long", path: path.into(), line: FILE_LINES_MAX + 1, what });
    }
    found
}

/// Rule: no tracked file names a folder of the machine it was written on.
fn machine_paths(path: &str, text: &str) -> Vec<Finding> {
    // In two parts, so that this file does not find itself.
    let anywhere = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let temporary = concat!("/tm", "p/");
    let in_test = |at: usize| {
        is_test_file(path)
            || (path.ends_with(".rs") && {
                let code = code(text);
                let left = crate::text::without_tests(&code);
                // A test item was blanked, its attribute with it: compare the line that the path stands on.
                let line = line_of(text, at) - 1;
                code.lines().nth(line) != left.lines().nth(line)
            })
    };
    let mut found = Vec::new();
    for needle in anywhere.iter().chain([&temporary]) {
        for (at, _) in text.match_indices(needle) {
            // `a/work/b` is a path inside something else.
            let starts = !text[..at].ends_with(|c: char| c.is_alphanumeric() || "._-$}~".contains(c));
            if starts && !(*needle == temporary && in_test(at)) {
                let what = format!("`{needle}` is a path of one machine: take it from the environment or leave it out");
                found.push(Finding { rule: "machine paths", path: path.into(), line: line_of(text, at), what });
            }
        }
    }
    found
}

#[test]
fn every_source_is_reached() {
    let files = all();
    let found: Vec<_> = SOURCE_ROOTS.iter().flat_map(|root| unreached(root, &files)).collect();
    none(&found);
}

#[test]
fn an_unreached_source_is_found() {
    let file = |path: &str, text: &str| (path.to_string(), text.to_string());
    let files = [
        file("src/lib.rs", "mod a;\n#[cfg(x)]\n#[path = \"odd/name.rs\"]\nmod b;\n// mod lost;\nmod e { mod f; }"),
        file("src/a/mod.rs", "mod c;\nif_std! { mod g; }"),
        file("src/a/c.rs", "#[cfg(test)]\nmod tests;"),
        file("src/a/c/tests.rs", ""),
        file("src/a/g.rs", ""),
        file("src/odd/name.rs", ""),
        file("src/e/f.rs", ""),
        file("src/lost.rs", ""),
    ];
    let found = unreached("src/", &files);
    only(&found, &[1]);
    assert_eq!(found[0].path, "src/lost.rs");
}

#[test]
fn sources_are_not_long() {
    none(&sources().iter().flat_map(|(path, text)| long(path, text)).collect::<Vec<_>>());
}

#[test]
fn a_long_source_is_found() {
    only(&long("src/a.rs", &"x\n".repeat(FILE_LINES_MAX + 1)), &[FILE_LINES_MAX + 1]);
    only(&long("src/a.rs", &"x\n".repeat(FILE_LINES_MAX)), &[]);
    only(&long("src/a/tests.rs", &"x\n".repeat(FILE_LINES_MAX + 1)), &[]);
    let wide = "x".repeat(LINE_CHARS_MAX + 1);
    only(&long("src/a.rs", &format!("\n{wide}\n/// | {wide} |\n// http://{wide}")), &[2]);
}

#[test]
fn no_file_names_a_machine_path() {
    none(&all().iter().flat_map(|(path, text)| machine_paths(path, text)).collect::<Vec<_>>());
}

#[test]
fn a_machine_path_is_found() {
    let (work, temporary) = (concat!("/wo", "rk/x"), concat!("/tm", "p/x"));
    only(&machine_paths("docs/a.md", &format!("\nsee {work}")), &[2]);
    only(&machine_paths("a.sh", &format!("a{work}\n\n\"{temporary}\"")), &[3]);
    only(&machine_paths("tests/a.rs", temporary), &[]);
    let inline = format!("f(\"{temporary}\");\n#[cfg(test)]\nmod tests {{\n f(\"{temporary}\");\n}}");
    only(&machine_paths("src/a.rs", &inline), &[1]);
}

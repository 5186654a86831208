//! Which crate and which module may name which: `docs/ARCHITECTURE.md` draws the arrows, this file checks them.

use std::path::Path;
use std::process::Command;

use crate::files::{all, inline_modules, sources};
use crate::text::{ident, is_word, line_of, matching, product};
use crate::{Finding, none, only};

/// The modules of the core, left to right: a module imports from its own group and from the groups before it.
const ORDER: &[&[&str]] = &[
    &["util", "loom", "error", "instant", "machine"],
    &["sharing"],
    &["roles"],
    &["config"],
    &["memory", "topology"],
    &["task"],
    &["blocking"],
    &["worker"],
    &["time", "sync", "driver", "io"],
    &["channel", "future"],
    &["scheduler"],
    &["choice", "info", "check"],
    &["scope", "model"],
    &["runtime"],
    &["embedded"],
    // The parts that the tests of the core are built on; not in a build.
    &["testing"],
];

const CORE: &str = "runtime-core/src/";
const CRATES_MAX: usize = 20;

/// What a package may depend on: which of ours, and which of the crates that talk to an operating system.
struct Arrows {
    manifest: &'static str,
    ours: &'static [&'static str],
    system: &'static [&'static str],
}

const SYSTEM: &[&str] = &["libc", "mio", "io-uring", "windows-sys", "hwlocality", "hwlocality-sys"];

const ARROWS: &[Arrows] = &[
    Arrows {
        manifest: "Cargo.toml",
        ours: &["bespoke-core", "bespoke-drivers", "bespoke-alloc", "bespoke-macros"],
        system: &[],
    },
    Arrows { manifest: "runtime-core/Cargo.toml", ours: &[], system: &[] },
    Arrows {
        manifest: "runtime-drivers/Cargo.toml",
        ours: &["bespoke-core"],
        system: &["libc", "mio", "io-uring", "windows-sys"],
    },
    Arrows {
        manifest: "runtime-alloc/Cargo.toml",
        ours: &["bespoke-core"],
        system: &["libc", "hwlocality", "hwlocality-sys"],
    },
    Arrows { manifest: "runtime-macros/Cargo.toml", ours: &[], system: &[] },
];

/// Rule: a package depends only on what lies below it. Programs (examples, peers) see the facade alone.
fn crate_arrows(path: &str, text: &str) -> Vec<Finding> {
    let arrows = ARROWS.iter().find(|a| a.manifest == path);
    let mut found = Vec::new();
    for (line, name, dev) in dependencies(text) {
        let ours = name == "bespoke" || name.starts_with("bespoke-");
        let what = match arrows {
            // Examples in the docs are written as users write them, and run as tests.
            Some(a) if dev && name == "bespoke" && a.manifest == "runtime-drivers/Cargo.toml" => continue,
            Some(a) if ours && !a.ours.contains(&&*name) => {
                format!("may not depend on `{name}`: of ours it sees {:?}; put what you need below both", a.ours)
            }
            // The facade's own tests may make system calls; the product does so in drivers and alloc.
            Some(a) if SYSTEM.contains(&&*name) && !a.system.contains(&&*name) && !(dev && path == "Cargo.toml") => {
                format!(
                    "may not depend on `{name}`: only drivers (libc, mio, io-uring, windows-sys) and alloc (libc, hwlocality) may"
                )
            }
            None if ours && name != "bespoke" && !path.starts_with("tests/") => {
                format!("may not depend on `{name}`: programs use the facade, `bespoke`")
            }
            _ => continue,
        };
        found.push(Finding { rule: "crate arrows", path: path.into(), line, what });
    }
    found
}

/// Line, package name and whether it is for tests only, of each dependency in a manifest.
fn dependencies(text: &str) -> Vec<(usize, String, bool)> {
    let mut list = Vec::new();
    let (mut inside, mut dev) = (false, false);
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            let (table, one) = match section.rsplit_once("dependencies.") {
                Some((head, name)) => (format!("{head}dependencies"), Some(name)),
                None => (section.to_string(), None),
            };
            dev = table.ends_with("dev-dependencies");
            // `[workspace.dependencies]` names versions; a package that takes one says so itself.
            let counts = table.ends_with("dependencies") && !table.starts_with("workspace.");
            inside = counts && one.is_none();
            if let Some(name) = one.filter(|_| counts) {
                list.push((n + 1, name.trim_matches('"').to_string(), dev));
            }
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let key = key.split('.').next().unwrap_or(key).trim().trim_matches('"');
            // A renamed dependency is the package that it names, also in a section of its own.
            let renamed = match value.split_once("package").and_then(|(_, rest)| rest.split('"').nth(1)) {
                None if key == "package" => value.split('"').nth(1),
                other => other,
            };
            if inside || (renamed.is_some() && key == "package") {
                list.push((n + 1, renamed.unwrap_or(key).to_string(), dev));
            }
        }
    }
    list
}

/// The group of a module of the core.
fn group(module: &str) -> Option<usize> {
    ORDER.iter().position(|names| names.contains(&module))
}

/// Rule: a module of the core names only modules that stand before it, or beside it, in [`ORDER`].
fn module_arrows(path: &str, text: &str) -> Vec<Finding> {
    let Some(inside) = path.strip_prefix(CORE).filter(|inside| *inside != "lib.rs") else { return Vec::new() };
    let module = ident(inside);
    let flag = |line, what| Finding { rule: "module arrows", path: path.into(), line, what };
    let Some(from) = group(module) else {
        return vec![flag(1, format!("module `{module}` has no place yet: add it to ORDER in tests/tidy/arrows.rs"))];
    };
    let code = product(path, text);
    let mut found = Vec::new();
    for (at, name) in named(inside, &code) {
        let what = match group(name) {
            Some(to) if to <= from => continue,
            Some(_) => format!("`{module}` may not name `crate::{name}`, which stands right of it: see ORDER"),
            None if code[at..].starts_with(&format!("{name}!")) => continue,
            None if name.starts_with(|c: char| c.is_lowercase()) => {
                format!("module `{name}` has no place yet: add it to ORDER in tests/tidy/arrows.rs")
            }
            None => format!("`crate::{name}` hides where it comes from: name the module that it lives in"),
        };
        found.push(flag(line_of(&code, at), what));
    }
    found
}

/// Offset and name of every item of the crate's root that a file names, by `crate::` or by enough `super::`.
fn named<'a>(inside: &str, code: &'a str) -> Vec<(usize, &'a str)> {
    // `a.rs` and `a/mod.rs` are one module deep, `a/b.rs` two.
    let depth = inside.trim_end_matches("/mod.rs").split('/').count();
    let mut list = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` is for other crates; `xcrate::` is another word.
        if !code[..at].ends_with(|c: char| c == '$' || c == '_' || c.is_alphanumeric()) {
            list.extend(heads(code, at + "crate::".len()));
        }
    }
    let mut end = 0;
    for (at, _) in code.match_indices("super::") {
        if at < end || code[..at].bytes().next_back().is_some_and(is_word) {
            continue;
        }
        let mut steps = 0;
        end = at;
        while code[end..].starts_with("super::") {
            steps += 1;
            end += "super::".len();
        }
        if steps >= depth + inline_modules(code, at).len() {
            list.extend(heads(code, end));
        }
    }
    list.sort_unstable();
    list
}

/// The first names of the path, or of each path of the `{…}` group, at an offset.
fn heads(code: &str, at: usize) -> Vec<(usize, &str)> {
    if !code[at..].starts_with('{') {
        let name = if code[at..].starts_with('*') { "*" } else { ident(&code[at..]) };
        return vec![(at, name)];
    }
    let (mut list, mut depth, mut start) = (Vec::new(), 0, true);
    for (n, c) in code.char_indices().take_while(|(n, _)| *n < matching(code, at)).skip_while(|(n, _)| *n < at) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => start = true,
            _ if c.is_whitespace() => {}
            _ if start && depth == 1 => {
                list.push((n, ident(&code[n..])));
                start = false;
            }
            _ => {}
        }
    }
    list
}

/// Rule: the default facade brings in fewer than [`CRATES_MAX`] crates, ours included.
fn crate_count(tree: &str) -> Vec<Finding> {
    let mut names: Vec<&str> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|n| !n.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    if !names.is_empty() && names.len() < CRATES_MAX {
        return Vec::new();
    }
    let what =
        format!("{} crates in `cargo tree -e normal`, fewer than {CRATES_MAX} are allowed: {names:?}", names.len());
    vec![Finding { rule: "crate count", path: "Cargo.toml".into(), line: 1, what }]
}

#[test]
fn crates_depend_downwards() {
    let files = all();
    for a in ARROWS {
        assert!(files.iter().any(|(path, _)| path == a.manifest), "{} is gone: mend ARROWS", a.manifest);
    }
    let manifests = files.iter().filter(|(path, _)| path == "Cargo.toml" || path.ends_with("/Cargo.toml"));
    none(&manifests.flat_map(|(path, text)| crate_arrows(path, text)).collect::<Vec<_>>());
}

#[test]
fn an_upward_crate_arrow_is_found() {
    let core = "[package]\nname = \"bespoke-core\"\n[dependencies]\nbespoke-alloc.workspace = true\n\
                [target.\"cfg(unix)\".dependencies]\nlibc = \"0.2\"\n[dev-dependencies.mio]\nversion = \"1\"\n\
                [dependencies]\nc = { package = \"libc\", version = \"0.2\" }\n[features]\nbespoke-x = []\n\
                [dependencies.d]\npackage = \"libc\"";
    only(&crate_arrows("runtime-core/Cargo.toml", core), &[4, 6, 7, 10, 14]);
    let beside = "[dependencies]\nbespoke-core = \"1\"\nbespoke-drivers = \"1\"\nmio = \"1\"\nhwlocality = \"1\"";
    only(&crate_arrows("runtime-alloc/Cargo.toml", beside), &[3, 4]);
    only(&crate_arrows("runtime-drivers/Cargo.toml", beside), &[3, 5]);
    only(&crate_arrows("runtime-macros/Cargo.toml", beside), &[2, 3, 4, 5]);
    only(&crate_arrows("examples/chat/Cargo.toml", "[dependencies]\nbespoke = \"1\"\nbespoke-core = \"1\""), &[3]);
    only(&crate_arrows("Cargo.toml", "[workspace.dependencies]\nmio = \"1\"\n[dependencies]\nmio = \"1\""), &[4]);
}

#[test]
fn modules_of_the_core_import_leftwards() {
    none(&sources().iter().flat_map(|(path, text)| module_arrows(path, text)).collect::<Vec<_>>());
}

#[test]
fn a_rightward_module_arrow_is_found() {
    let text = "use crate::util::text;\nuse crate::runtime::Runtime;\nuse crate::{\n  roles::{self, Clock},\n  \
                scheduler,\n};\n// crate::runtime\n/// [`crate::runtime`]\nfn f() { super::super::model::x() }\n\
                use crate::Config;\nuse crate::nowhere::x;\n$crate::private::x();\ncrate::assert_size!(u8);\n\
                mod inner { use super::super::super::info; use super::super::state; }\n\
                #[cfg(test)]\nmod tests { use crate::runtime; }\nuse crate::*;";
    only(&module_arrows("runtime-core/src/task/raw.rs", text), &[2, 5, 9, 10, 11, 14, 17]);
    only(&module_arrows("runtime-core/src/task/tests.rs", text), &[]);
    only(&module_arrows("runtime-core/src/util.rs", "use super::sharing::Local;\nuse super::loom;"), &[1]);
    only(&module_arrows("runtime-core/src/stray/mod.rs", ""), &[1]);
    only(&module_arrows("runtime-drivers/src/mio/mod.rs", text), &[]);
}

#[test]
fn the_facade_stays_small() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| env!("CARGO").to_string());
    let out = Command::new(cargo)
        .args(["tree", "--package", "bespoke", "--edges", "normal", "--target", "x86_64-unknown-linux-gnu"])
        .args(["--offline", "--prefix", "none", "--format", "{p}"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("cargo can be run");
    assert!(out.status.success(), "cargo tree: {}", String::from_utf8_lossy(&out.stderr));
    none(&crate_count(&String::from_utf8_lossy(&out.stdout)));
}

#[test]
fn a_facade_that_is_not_small_is_found() {
    let tree = |crates: usize| (0..crates).map(|n| format!("c{n} v1.0.0\nc{n} v1.0.0 (*)\n")).collect::<String>();
    only(&crate_count(&tree(CRATES_MAX - 1)), &[]);
    only(&crate_count(&tree(CRATES_MAX)), &[1]);
    only(&crate_count(""), &[1]);
}

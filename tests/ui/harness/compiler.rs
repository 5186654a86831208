//! The compiler, and the facade built for it.
//!
//! The facade is built once, by cargo, in the folder where this test was built; each case is then one call of rustc. That
//! is a tenth of a second per case, where a package per case would be a second.

use crate::case::Case;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What rustc said.
pub(crate) struct Answer {
    pub(crate) compiled: bool,
    pub(crate) text: String,
}

/// rustc, and the libraries that a case may name.
pub(crate) struct Compiler {
    root: PathBuf,
    /// Where what is compiled goes.
    out: PathBuf,
    facade: PathBuf,
    core: PathBuf,
    /// Is it the toolchain that the texts were written with?
    pub(crate) is_pinned: bool,
}

impl Compiler {
    /// Builds the facade of the repository at `root`.
    pub(crate) fn new(root: &Path) -> Self {
        let test = std::env::current_exe().expect("the test has a path");
        // <target>/<profile>/deps/<test>
        let target = test.ancestors().nth(3).expect("the test was built by cargo");
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--lib", "--message-format=json-render-diagnostics", "--target-dir"])
            .arg(target)
            .current_dir(root)
            // The cases are compiled for the host and without flags; so is what they name.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET")
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo can be started");
        assert!(built.status.success(), "the facade does not build");
        let messages = String::from_utf8(built.stdout).expect("cargo speaks UTF-8");
        let library = |name| library(&messages, name).unwrap_or_else(|| panic!("cargo built no {name}:\n{messages}"));
        let out = target.join("ui");
        std::fs::create_dir_all(&out).expect("the target folder can be written");
        let version = rustc().arg("--version").output().expect("rustc can be started");
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let is_pinned = is_release_of(&version, env!("CARGO_PKG_RUST_VERSION"));
        if !is_pinned {
            eprintln!("{}: only our own sentences are compared, not the whole texts", version.trim());
        }
        Compiler { root: root.into(), out, facade: library("bespoke"), core: library("bespoke_core"), is_pinned }
    }

    pub(crate) fn compile(&self, case: &Case, flags: &[String]) -> Answer {
        let mut command = rustc();
        let dependencies = self.core.parent().expect("a library lies in a folder");
        command.args(["--edition", "2024", "--crate-type", "bin", "--color", "never", "--diagnostic-width", "140"]);
        command.args(["--crate-name", &case.name, "--emit", if case.build { "obj" } else { "metadata" }, "-o"]);
        command.arg(self.out.join(&case.name));
        command.arg("-L").arg(format!("dependency={}", dependencies.display()));
        command.arg("--extern").arg(format!("{}={}", case.facade, self.facade.display()));
        if case.core {
            command.arg("--extern").arg(format!("bespoke_core={}", self.core.display()));
        }
        if !case.expected.is_empty() {
            // A wrong program is read for its errors.
            command.arg("-Awarnings");
        }
        // The path as it is printed: from the repository's root.
        let path = case.path.strip_prefix(&self.root).unwrap_or(&case.path);
        command.args(flags).arg(path).current_dir(&self.root).stdin(Stdio::null());
        let output = command.output().expect("rustc can be started");
        let text = String::from_utf8(output.stderr).expect("rustc speaks UTF-8");
        Answer { compiled: output.status.success(), text }
    }
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// Is this a stable release of `minor`? `version` is what `rustc --version` prints.
fn is_release_of(version: &str, minor: &str) -> bool {
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    number.strip_prefix(minor).is_some_and(|patch| patch.starts_with('.')) && !number.contains('-')
}

/// Where cargo's messages say that the library `name` was built.
fn library(messages: &str, name: &str) -> Option<PathBuf> {
    let named = format!("\"name\":\"{name}\"");
    let line = messages.lines().find(|line| {
        line.contains("\"reason\":\"compiler-artifact\"") && line.contains(&named) && line.contains(".rlib\"")
    })?;
    let files = &line[line.find("\"filenames\":[")?..];
    files.split('"').find(|text| text.ends_with(".rlib")).map(PathBuf::from)
}

#[test]
fn a_toolchain_is_known_by_its_release() {
    assert!(is_release_of("rustc 1.95.1 (59807616e 2026-04-14)", "1.95"));
    for other in ["rustc 1.95.0-beta.3 (a 2026-03-01)", "rustc 1.96.0-nightly (a 2026-03-01)", "rustc 1.9.0 (a)", ""] {
        assert!(!is_release_of(other, "1.95"), "{other}");
    }
}

#[test]
fn a_library_is_found_in_the_messages_of_cargo() {
    let line = |name: &str, file: &str| {
        format!(
            "{{\"reason\":\"compiler-artifact\",\"target\":{{\"name\":\"{name}\"}},\"filenames\":[\"a/{file}.rlib\",\
             \"a/{file}.rmeta\"],\"executable\":null}}"
        )
    };
    let messages = [line("bespoke_core", "libbespoke_core-1"), line("bespoke", "libbespoke")].join("\n");
    assert_eq!(library(&messages, "bespoke"), Some("a/libbespoke.rlib".into()));
    assert_eq!(library(&messages, "bespoke_core"), Some("a/libbespoke_core-1.rlib".into()));
    assert_eq!(library(&messages, "mio"), None);
}

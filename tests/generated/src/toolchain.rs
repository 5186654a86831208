//! rustc, and what generated programs link with.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What is needed to compile a batch.
#[derive(Debug)]
pub struct Toolchain {
    rustc: PathBuf,
    macros: PathBuf,
    library: PathBuf,
    folder: PathBuf,
}

/// How a batch is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A program, without optimisations.
    Debug,
    /// A program, with them.
    Release,
    /// Nothing but the check of the types and borrows.
    Check,
}

impl Toolchain {
    /// Builds what programs link with. `planted` is the defect that the macro shall have. Programs go to a folder in
    /// cargo's target directory.
    ///
    /// # Errors
    /// What cargo says.
    pub fn new(planted: Option<&str>) -> Result<Toolchain, String> {
        let library = artifact("bespoke-test-generated", &["build"], None)?;
        let folder = library.with_file_name("generated");
        let macros = match planted {
            None => artifact("bespoke-macros", &["build"], None)?,
            Some(planted) => artifact("bespoke-macros", &["rustc"], Some((planted, &folder)))?,
        };
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let rustc = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
        Ok(Toolchain { rustc, macros, library, folder })
    }

    /// Where programs are written.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Compiles `source` to a program beside it, and says where it is.
    ///
    /// # Errors
    /// rustc's errors, a line for each, with the lines of the source.
    ///
    /// # Panics
    /// If rustc cannot be run.
    pub fn compile(&self, source: &Path, kind: Kind) -> Result<PathBuf, String> {
        let program = source.with_extension("program");
        self.rustc(
            source,
            &program,
            match kind {
                Kind::Debug => &["-C", "debuginfo=0"],
                Kind::Release => &["-C", "opt-level=3"],
                Kind::Check => &["--emit", "metadata"],
            },
        )?;
        Ok(program)
    }

    /// The instructions of `source`, a library, with optimisations.
    ///
    /// # Errors
    /// rustc's errors.
    ///
    /// # Panics
    /// If rustc cannot be run.
    pub fn assembly(&self, source: &Path) -> Result<String, String> {
        let written = source.with_extension("s");
        let flags = ["--crate-type", "lib", "--emit", "asm", "-C", "opt-level=3", "-C", "codegen-units=1"];
        self.rustc(source, &written, &flags)?;
        let text = std::fs::read_to_string(&written).map_err(|error| format!("{}: {error}", written.display()))?;
        let _ = std::fs::remove_file(written);
        Ok(text)
    }

    fn rustc(&self, source: &Path, output: &Path, flags: &[&str]) -> Result<(), String> {
        let deps = self.library.with_file_name("deps");
        let mut rustc = Command::new(&self.rustc);
        rustc.args(["--edition", "2024", "--crate-name", "batch", "-A", "warnings", "--error-format", "short"]);
        rustc.args(flags);
        rustc.arg("--extern").arg(named("bespoke_macros", &self.macros));
        rustc.arg("--extern").arg(named("bespoke_test_generated", &self.library));
        rustc.arg("-L").arg(named("dependency", &deps));
        rustc.arg(source).arg("-o").arg(output);
        let output = rustc.output().expect("rustc can be run");
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }
}

fn named(name: &str, path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from(format!("{name}="));
    text.push(path);
    text
}

/// Where cargo puts what is built without optimisations.
pub(crate) fn target() -> Result<PathBuf, String> {
    let mut folder = artifact("bespoke-test-generated", &["build"], None)?;
    folder.pop();
    Ok(folder)
}

/// Builds the library of a package, and says where it is.
fn artifact(package: &str, verb: &[&str], planted: Option<(&str, &Path)>) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(verb).args(["--offline", "--lib", "--message-format", "json", "--package", package]);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    // Flags of whoever runs this, a sanitizer's for one, are not for a macro and for programs that rustc alone compiles.
    let flags = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"];
    let flagged = flags.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    flags.iter().for_each(|name| {
        command.env_remove(name);
    });
    if let Some((planted, folder)) = planted {
        // The cfg is for this one crate: what it needs is built once for all defects.
        command.arg("--target-dir").arg(folder.join("planted"));
        command.args(["--", "--cfg", &format!("bespoke_planted=\"{planted}\"")]);
    } else if flagged {
        command.arg("--target-dir").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/unflagged"));
    }
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !status.success() {
        return Err(String::from_utf8_lossy(&stderr).into_owned());
    }
    let name = format!("\"name\":\"{}\"", package.replace('-', "_"));
    let text = String::from_utf8_lossy(&stdout);
    let line = text.lines().rfind(|line| line.contains("compiler-artifact") && line.contains(&name));
    let file = line.and_then(|line| line.split_once("\"filenames\":[\"")?.1.split_once('"').map(|(file, _)| file));
    file.map(PathBuf::from).ok_or_else(|| format!("cargo does not say where the library of {package} is"))
}

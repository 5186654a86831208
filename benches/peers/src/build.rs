//! Builds the binaries: cargo once per package, so that the features that one asks of a crate do not reach another.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Builds a package of this workspace.
///
/// # Errors
/// When it does not build; cargo has said why on standard error.
pub(crate) fn build(package: &str) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--quiet", "--locked", "--package", package]);
    command.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(|error| format!("cargo does not run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{package} does not build: see above")) }
}

/// Where the binary of a package lies: beside this one.
///
/// # Errors
/// When this program does not know where it lies itself.
pub(crate) fn binary(package: &str) -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    Ok(this.with_file_name(package))
}

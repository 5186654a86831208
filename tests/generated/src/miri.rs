//! A sample of the functions under Miri with Tree Borrows: what is wrong and has no effect yet.

use std::fs;
use std::process::Command;

use crate::batch::{Batch, Side};
use crate::grammar::Function;
use crate::toolchain;

/// Runs functions under Miri, with a defect if `planted` names one.
///
/// # Errors
/// What Miri says.
///
/// # Panics
/// If the program cannot be written.
pub fn run(functions: &[Function], planted: Option<&str>) -> Result<(), String> {
    let package = toolchain::target()?.join("generated").join("miri");
    fs::create_dir_all(package.join("src")).expect("the package can be written");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    // A workspace of its own, with the versions of the project.
    let manifest = format!(
        "[package]\nname = \"batch\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         bespoke-macros = {{ path = \"{root}/runtime-macros\" }}\n\
         bespoke-test-generated = {{ path = \"{root}/tests/generated\" }}\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("the package can be written");
    fs::copy(format!("{root}/Cargo.lock"), package.join("Cargo.lock")).expect("the lock file can be copied");
    let batch = Batch::new(functions, &[Side::Ours, Side::Theirs]);
    fs::write(package.join("src/main.rs"), format!("#![allow(warnings)]\n{}", batch.text))
        .expect("the batch can be written");
    let mut miri = Command::new("cargo");
    miri.args(["+nightly", "miri", "run", "--quiet", "--offline", "--manifest-path"]).arg(package.join("Cargo.toml"));
    // The toolchain and cargo are those of `+nightly`, and not those that run this.
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_ENCODED_RUSTFLAGS"] {
        miri.env_remove(name);
    }
    let flags = std::env::var("MIRIFLAGS").unwrap_or_default();
    miri.env("MIRIFLAGS", format!("-Zmiri-tree-borrows {flags}"));
    miri.arg("--target-dir")
        .arg(package.join(planted.map_or_else(|| "target".into(), |name| format!("target_{name}"))));
    if let Some(planted) = planted {
        miri.env("RUSTFLAGS", format!("--cfg bespoke_planted=\"{planted}\""));
    }
    let output = miri.output().map_err(|error| format!("cargo cannot be run: {error}"))?;
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if let Some(line) = said.lines().find(|line| line.starts_with("differs")) {
        return Err(line.to_owned());
    }
    if !output.status.success() || !said.lines().any(|line| line == "end") {
        let error = errors.lines().position(|line| line.starts_with("error")).unwrap_or_default();
        let text: Vec<&str> = errors.lines().skip(error).take(12).collect();
        return Err(text.join("\n"));
    }
    Ok(())
}

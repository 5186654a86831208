//! Records which compiler built the bench, because the table names it.

use std::process::Command;

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_else(|error| format!("unknown ({error})"));
    println!("cargo::rustc-env=PEERS_RUSTC={version}");
    println!("cargo::rerun-if-changed=build.rs");
}

//! A path under valgrind.

use crate::paths::Path;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A copy of this program, under a path whose length does not depend on where it was built.
///
/// Before `main`, a program reads its own path from the system, a few times and line by line. How long the path is decides
/// how `malloc` has cut its heap by then, and so what each later start of a runtime takes there: 16,839 to 17,196
/// instructions were counted, of one program under eight names.
pub(crate) struct Program(PathBuf);

impl Program {
    /// # Errors
    /// When the folder for temporary files takes no copy.
    pub(crate) fn copy() -> Result<Self, String> {
        let here = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        let copy = std::env::temp_dir().join(format!("bespoke-instructions-{:010}", std::process::id()));
        match std::fs::copy(&here, &copy) {
            Ok(_) => Ok(Program(copy)),
            Err(error) => Err(format!("cannot copy {} to {}: {error}", here.display(), copy.display())),
        }
    }

    /// Instructions per operation of `path`.
    ///
    /// # Errors
    /// When valgrind is missing, or the path fails its own check.
    pub(crate) fn per_operation(&self, path: &Path, planted: bool) -> Result<f64, String> {
        let (few, many) = (path.ops, path.ops * 11);
        let difference = self.total(path, many, planted)?.checked_sub(self.total(path, few, planted)?);
        let difference = difference.ok_or_else(|| format!("{}: more operations took fewer instructions", path.name))?;
        if difference == 0 {
            return Err(format!("{}: the operations took no instructions: nothing was measured", path.name));
        }
        Ok(difference as f64 / (many - few) as f64)
    }

    /// Instructions of one run with `ops` operations.
    fn total(&self, path: &Path, ops: u64, planted: bool) -> Result<u64, String> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&self.0)
            .args(["--path", path.name, &ops.to_string()])
            .args(planted.then_some("--planted"))
            // The same environment in every run: its size moves the stack.
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("cannot run valgrind: {error}; install the package `valgrind`"))?;
        let text = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("{} failed under valgrind ({}):\n{text}", path.name, output.status));
        }
        let line = text.lines().find_map(|line| line.split_once("Collected :"));
        let count = line.and_then(|(_, count)| count.trim().parse().ok());
        count.ok_or_else(|| format!("valgrind printed no count for {}:\n{text}", path.name))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // What is left of it if this fails is a file in the folder for temporary ones.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The compiler that is on the path, as it names itself.
///
/// # Errors
/// When there is none.
pub(crate) fn compiler() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().map_err(|error| format!("cannot ask rustc: {error}"))?;
    Ok(format!("{}, {}", String::from_utf8_lossy(&output.stdout).trim(), std::env::consts::ARCH))
}

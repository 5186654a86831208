//! What can be started, and what is said of what cannot.

use crate::support::{Tested, run, sh};
use bespoke::prelude::*;
use bespoke::rt::{Command, SpawnError};
use core::time::Duration;
use std::io::ErrorKind;
use std::process::Stdio;

fn named<C: Tested>(error: &std::io::Error) -> String {
    let why = error.get_ref().unwrap().downcast_ref::<SpawnError>().unwrap();
    why.program().to_str().unwrap().into()
}

pub(crate) fn a_missing_program_is_named<C: Tested>() {
    run::<C, _>(async {
        let mut missing = Command::<C>::new("no-such-kettle");
        for error in
            [missing.spawn().unwrap_err(), missing.status().await.unwrap_err(), missing.output().await.unwrap_err()]
        {
            assert_eq!((error.kind(), named::<C>(&error).as_str()), (ErrorKind::NotFound, "no-such-kettle"));
            assert!(error.to_string().starts_with("cannot start \"no-such-kettle\": No such file"), "{error}");
        }
    });
}

pub(crate) fn a_folder_that_is_missing<C: Tested>() {
    run::<C, _>(async {
        let error = sh::<C>("true").current_dir("/no/such/folder").spawn().unwrap_err();
        assert_eq!((error.kind(), named::<C>(&error).as_str()), (ErrorKind::NotFound, "/bin/sh"));
    });
}

pub(crate) fn a_program_that_may_not_be_run<C: Tested>() {
    run::<C, _>(async {
        let error = Command::<C>::new("/etc/passwd").spawn().unwrap_err();
        assert_eq!((error.kind(), named::<C>(&error).as_str()), (ErrorKind::PermissionDenied, "/etc/passwd"));
    });
}

pub(crate) fn what_the_command_says<C: Tested>() {
    run::<C, _>(async {
        let mut command =
            sh::<C>("echo $0 $1 $ONE $TWO $HOME; pwd; cut -d ' ' -f 5 /proc/$$/stat 2>/dev/null || echo $$; echo $$");
        command.args(["zero", "first"]).env_clear().env("PATH", "/usr/bin:/bin");
        command.envs([("ONE", "1"), ("TWO", "2")]).env("HOME", "x").env_remove("HOME");
        command.current_dir("/").process_group(0).kill_on_drop(true);
        let output = command.output().await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines[..2], ["zero first 1 2", "/"]);
        assert_eq!(lines[2], lines[3], "a process group of its own");

        assert_eq!(command.as_std().get_program(), "/bin/sh");
        command.as_std_mut().env("ONE", "one");
        command.stdout(Stdio::null());
        let std = command.into_std();
        assert!(std.get_envs().any(|variable| variable == ("ONE".as_ref(), Some("one".as_ref()))));
        assert!(Command::<C>::from(std).status().await.unwrap().success());
    });
}

pub(crate) fn a_failing_pre_exec<C: Tested>() {
    run::<C, _>(async {
        let mut command = sh::<C>("exit 0");
        // SAFETY: it makes an error of a number, without allocating.
        unsafe { command.pre_exec(|| Err(std::io::Error::from_raw_os_error(libc::EDOM))) };
        let error = command.spawn().unwrap_err();
        let why = error.get_ref().unwrap().downcast_ref::<SpawnError>().unwrap();
        let source = core::error::Error::source(why).unwrap().downcast_ref::<std::io::Error>().unwrap();
        assert_eq!(source.raw_os_error(), Some(libc::EDOM));

        let mut command = sh::<C>("umask");
        let masked = || {
            // SAFETY: takes an integer only.
            unsafe { libc::umask(0o053) };
            Ok(())
        };
        // SAFETY: `umask` is async-signal-safe.
        unsafe { command.pre_exec(masked) };
        assert_eq!(command.output().await.unwrap().stdout.trim_ascii(), b"0053");
    });
}

pub(crate) fn a_child_without_streams_needs_no_pipes<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exit 4").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(child.stdin.is_none() && child.stdout.is_none() && child.stderr.is_none());
        let output = child.wait().await.unwrap();
        assert_eq!(output.code(), Some(4));
        let output = sh::<C>("exit 5").spawn().unwrap().wait_with_output().await.unwrap();
        assert_eq!((output.status.code(), output.stdout, output.stderr), (Some(5), vec![], vec![]));
    });
}

pub(crate) fn outside_of_every_runtime<C: Tested>() {
    let spawned = std::panic::catch_unwind(|| sh::<C>("exit 0").spawn().map(drop));
    if <C::Driver as bespoke::driver::Driver>::STATELESS {
        spawned.expect("a driver without state needs no runtime").unwrap();
        return;
    }
    let panic = spawned.unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("starts.rs"), "it names the line of the call: {said}");
}

/// RELIABILITY A19: every descriptor here is close-on-exec.
pub(crate) fn no_descriptor_reaches_the_child<C: Tested>() {
    const LIST: &str = "exec ls /proc/self/fd 2>/dev/null || exec ls /dev/fd";
    // Whoever started this process may have left it some.
    let inherited = std::process::Command::new("/bin/sh").args(["-c", LIST]).output().unwrap().stdout;
    run::<C, _>(async {
        let mut waited = sh::<C>("exec sleep 1000").stdout(Stdio::piped()).spawn().unwrap();
        assert!(C::timeout(Duration::from_millis(1), waited.wait()).await.is_err());
        let mut other = sh::<C>("exec cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = sh::<C>(LIST).output().await.unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&inherited));
        assert!(other.wait().await.unwrap().success());
        waited.kill().await.unwrap();
    });
}

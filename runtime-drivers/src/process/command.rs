//! What is to be run.

use super::child::Child;
use super::orphans;
use crate::op::Process;
use crate::sys;
use bespoke_core::config::Config;
use bespoke_core::runtime::assert_inside;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command as StdCommand, ExitStatus, Output, Stdio};

/// A program to be run, with its arguments, its environment and its streams; `std::process::Command`, whose children are waited
/// for without a thread. May be run more than once.
///
/// # Example
/// ```
/// use bespoke::process::Command;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let output = Command::new("sh").args(["-c", "echo tea; exit 3"]).output().await?;
/// assert_eq!(output.stdout, b"tea\n");
/// assert_eq!(output.status.code(), Some(3));
/// # Ok(())
/// # }
/// ```
pub struct Command<C: Config> {
    std: StdCommand,
    kill_on_drop: bool,
    of: PhantomData<fn() -> C>,
}

/// What is done to the command of the standard library, in its own words.
macro_rules! same {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*);)+) => { $(
        $(#[$doc])*
        pub fn $name(&mut self $(, $argument: $type)*) -> &mut Self {
            self.std.$name($($argument),*);
            self
        }
    )+ };
}

impl<C: Config> Command<C> {
    /// Runs `program`, which is looked up in `PATH` if there is no slash in it; without arguments, with the environment and
    /// the folder of this process. Streams are those of this process, unless it is for [`output`](Self::output).
    pub fn new(program: impl AsRef<OsStr>) -> Self
    where
        C::Driver: Process,
    {
        StdCommand::new(program).into()
    }

    same! {
        /// One argument more.
        arg(argument: impl AsRef<OsStr>);
        /// Several arguments more.
        args(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>);
        /// Sets a variable of the environment.
        env(key: impl AsRef<OsStr>, value: impl AsRef<OsStr>);
        /// Sets several variables of the environment.
        envs(variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>);
        /// Takes a variable out of the environment.
        env_remove(key: impl AsRef<OsStr>);
        /// Takes all variables out of the environment, also those that were set here.
        env_clear();
        /// The folder that it is run in. Whether a relative path of the program begins there is the system's choice.
        current_dir(folder: impl AsRef<Path>);
        /// The standard input: [`Stdio::piped`], [`Stdio::null`], [`Stdio::inherit`], or what becomes a [`Stdio`], as a file
        /// does. The [`ChildStdout`](super::ChildStdout) of another child becomes one by `try_into()?`: it leaves the driver
        /// first.
        stdin(input: impl Into<Stdio>);
        /// The standard output; as [`stdin`](Self::stdin).
        stdout(output: impl Into<Stdio>);
        /// The standard error; as [`stdin`](Self::stdin).
        stderr(output: impl Into<Stdio>);
        /// The user that it is run as. `setuid(2)`.
        uid(user: u32);
        /// The group that it is run as. `setgid(2)`.
        gid(group: u32);
        /// Its name for itself: the argument before the first, in place of the program.
        arg0(name: impl AsRef<OsStr>);
        /// The process group that it joins; 0: a new one, which signals of the terminal do not reach. `setpgid(2)`.
        process_group(group: i32);
    }

    /// Kills the child when its [`Child`] is dropped before the child has ended, also by the close of the runtime, and by the
    /// drop of the futures of [`output`](Self::output) and [`status`](Self::status). Without this it goes on. Either way no
    /// zombie stays; see the [room](super).
    pub fn kill_on_drop(&mut self, kill: bool) -> &mut Self {
        self.kill_on_drop = kill;
        self
    }

    /// Runs `call` in the child, after the fork and before the program.
    ///
    /// # Safety
    /// As for the same method of the standard library: only one thread of the process is left there, and locks may be held by
    /// those that are gone, so `call` is made of async-signal-safe functions alone: it allocates nothing and locks nothing.
    /// Nor does it use the runtime.
    pub unsafe fn pre_exec(&mut self, call: impl FnMut() -> io::Result<()> + Send + Sync + 'static) -> &mut Self {
        // SAFETY: as the caller.
        unsafe { self.std.pre_exec(call) };
        self
    }

    /// The command of the standard library.
    pub fn as_std(&self) -> &StdCommand {
        &self.std
    }

    /// As [`as_std`](Self::as_std), for what there is no method for here.
    pub fn as_std_mut(&mut self) -> &mut StdCommand {
        &mut self.std
    }

    /// The command of the standard library.
    pub fn into_std(self) -> StdCommand {
        self.std
    }

    /// Starts a child.
    ///
    /// This takes the thread for as long as the system takes to start it: some hundred microseconds, more for a program on a
    /// slow disk.
    ///
    /// # Errors
    /// The error holds a [`SpawnError`], which names the program. [`NotFound`](io::ErrorKind::NotFound): there is no such
    /// program, or no such folder to run it in. [`PermissionDenied`](io::ErrorKind::PermissionDenied). No descriptor,
    /// process or memory left.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread; the message names the line of this call. A driver whose operations block
    /// needs none.
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child<C>>
    where
        C::Driver: Process,
    {
        self.spawn_at(Location::caller())
    }

    fn spawn_at(&mut self, at: &'static Location<'static>) -> io::Result<Child<C>>
    where
        C::Driver: Process,
    {
        // First: a panic later would leave a child behind.
        assert_inside::<C>(at);
        sys::fork::watch()?;
        orphans::sweep();
        let started = self.std.spawn().and_then(|child| Child::adopt(child, self.kill_on_drop, at));
        started.map_err(|error| {
            let program = self.std.get_program().to_owned();
            io::Error::new(error.kind(), SpawnError { program, error })
        })
    }

    /// Starts a child and waits for its end. Its streams are those of this process, unless said otherwise; of those that are
    /// pipes, the ends on this side are closed at once.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn), and [`Child::wait`].
    ///
    /// # Cancel safety
    /// The child goes on, unless [`kill_on_drop`](Self::kill_on_drop) says otherwise; its end is not heard of.
    ///
    /// # Panics
    /// As [`spawn`](Self::spawn), at this call.
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + Send + use<C>
    where
        C::Driver: Process,
    {
        let child = self.spawn();
        async move {
            let mut child = child?;
            drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
            child.wait().await
        }
    }

    /// Starts a child, and waits for its end and for all that it writes. Its output and its error are pipes, whatever was said
    /// before; its input is that of this process, unless said otherwise.
    ///
    /// The command keeps that: a child that is started by the same command later has pipes as well, until
    /// [`stdout`](Self::stdout) and [`stderr`](Self::stderr) say otherwise.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn), and [`Child::wait_with_output`].
    ///
    /// # Cancel safety
    /// As [`status`](Self::status); what was read is lost.
    ///
    /// # Panics
    /// As [`spawn`](Self::spawn), at this call.
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + Send + use<C>
    where
        C::Driver: Process,
    {
        self.std.stdout(Stdio::piped());
        self.std.stderr(Stdio::piped());
        let child = self.spawn();
        async { child?.wait_with_output().await }
    }
}

impl<C: Config> From<StdCommand> for Command<C> {
    fn from(std: StdCommand) -> Self {
        Command { std, kill_on_drop: false, of: PhantomData }
    }
}

impl<C: Config> fmt::Debug for Command<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.std.fmt(f)
    }
}

/// A program could not be started. Inside of the [`io::Error`] of [`Command::spawn`].
///
/// # Example
/// ```
/// use bespoke::process::{Command, SpawnError};
///
/// # #[bespoke::main]
/// # async fn main() {
/// let error = Command::new("tee-kettle").spawn().unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
/// let why = error.get_ref().and_then(|why| why.downcast_ref::<SpawnError>()).unwrap();
/// assert_eq!(why.program(), "tee-kettle");
/// assert!(error.to_string().starts_with("cannot start \"tee-kettle\": "));
/// # }
/// ```
#[derive(Debug)]
pub struct SpawnError {
    program: OsString,
    error: io::Error,
}

impl SpawnError {
    /// The program, as it was said to [`Command::new`].
    pub fn program(&self) -> &OsStr {
        &self.program
    }
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start {:?}: {}", self.program, self.error)
    }
}

impl core::error::Error for SpawnError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}

//! What runs, and its end.

use super::exit::Exit;
use super::orphans;
use super::stdio::{ChildStderr, ChildStdin, ChildStdout};
use crate::op::Process;
use crate::sys;
use bespoke_core::config::Config;
use bespoke_core::error::in_context;
use bespoke_core::try_join;
use core::fmt;
use core::panic::Location;
use std::io;
use std::process::{Child as StdChild, ExitStatus, Output};
use std::vec::Vec;

/// A child process. Made by [`Command::spawn`](super::Command::spawn).
///
/// It may be moved anywhere, and outlive its runtime. Its pipes belong to the worker that started it; its end may be waited
/// for in any runtime of `C`, under a local scheduler by one worker at a time.
///
/// Dropping it does not end the child, unless [`kill_on_drop`](super::Command::kill_on_drop) was said. Either way no zombie
/// stays; see the [room](super).
///
/// # Example
/// ```
/// use bespoke::io::BufReader;
/// use bespoke::process::{Command, Stdio};
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
/// let mut input = child.stdin.take().unwrap();
/// input.write_all("tea\n").await.0?;
/// assert_eq!(lines.next_line().await?, Some("tea"));
/// drop(input); // the end of the input
/// assert!(child.wait().await?.success());
/// # Ok(())
/// # }
/// ```
pub struct Child<C: Config> {
    process: Heard,
    /// [`forks`](sys::fork::forks) when it was started: in a forked copy of this process it is nobody's child, or the parent's.
    forks: u32,
    kill_on_drop: bool,
    exit: Option<Exit<C>>,
    /// The end from which its input is written, if that was to be a pipe.
    pub stdin: Option<ChildStdin<C>>,
    /// The end at which its output is read, if that was to be a pipe.
    pub stdout: Option<ChildStdout<C>>,
    /// The end at which its error is read, if that was to be a pipe.
    pub stderr: Option<ChildStderr<C>>,
}

/// A child, as far as it was heard of.
enum Heard {
    /// It is the system's, alive or a zombie: its number is its own.
    Started(StdChild),
    /// Its status was taken: its number may be another's.
    Ended(ExitStatus),
    /// As `Ended`, but somebody else has the status.
    Lost,
}

impl<C: Config> Child<C> {
    /// Takes charge of a child that was just started. One whose pipes the driver refuses is killed: nobody could hear it.
    pub(super) fn adopt(process: StdChild, kill_on_drop: bool, at: &'static Location<'static>) -> io::Result<Self>
    where
        C::Driver: Process,
    {
        let mut process = process;
        let (stdin, stdout, stderr) = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let process = Heard::Started(process);
        let forks = sys::fork::forks();
        let mut child =
            Child { process, forks, kill_on_drop: true, exit: None, stdin: None, stdout: None, stderr: None };
        child.stdin = stdin.map(|end| ChildStdin::adopt(end.into(), at)).transpose()?;
        child.stdout = stdout.map(|end| ChildStdout::adopt(end.into(), at)).transpose()?;
        child.stderr = stderr.map(|end| ChildStderr::adopt(end.into(), at)).transpose()?;
        child.kill_on_drop = kill_on_drop;
        Ok(child)
    }

    /// Is this the process that started it?
    fn is_ours(&self) -> bool {
        self.forks == sys::fork::forks()
    }

    /// Its number; `None` when its end was heard of, as the number may be another's then.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        match &self.process {
            Heard::Started(process) => Some(process.id()),
            Heard::Ended(_) | Heard::Lost => None,
        }
    }

    /// How it ended, if it has. Does not wait.
    ///
    /// # Errors
    /// `ECHILD`: somebody else has taken the status (`waitpid(-1)`), or the process ignores `SIGCHLD`. So is the answer from then
    /// on, and the child counts as ended.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let process = match &mut self.process {
            Heard::Ended(status) => return Ok(Some(*status)),
            Heard::Lost => return Err(lost()),
            Heard::Started(process) => process,
        };
        let status = match process.try_wait() {
            Err(error) if sys::process::is_no_child(&error) && self.is_ours() => return Err(self.lose()),
            status => status?,
        };
        let Some(status) = status else { return Ok(None) };
        self.process = Heard::Ended(status);
        self.exit = None; // which costs a descriptor
        Ok(Some(status))
    }

    /// Waits for its end. Closes its input first, if that is still in [`stdin`](Self::stdin), so that a child that reads to
    /// the end of it does end. May be asked again: the answer stays.
    ///
    /// # Errors
    /// As [`try_wait`](Self::try_wait). No descriptor left: may be asked again. [`BrokenPipe`](io::ErrorKind::BrokenPipe): the
    /// runtime is closed; it may be waited for in another.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: the next call hears of the end.
    ///
    /// # Panics
    /// Without a runtime of `C` on the thread that polls it; by another worker than the one that waited before, under a local
    /// scheduler.
    #[track_caller]
    pub fn wait(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + Send
    where
        C::Driver: Process,
    {
        self.wait_at(Location::caller())
    }

    async fn wait_at(&mut self, at: &'static Location<'static>) -> io::Result<ExitStatus>
    where
        C::Driver: Process,
    {
        drop(self.stdin.take());
        loop {
            if let Heard::Started(process) = &self.process
                && self.exit.is_none()
            {
                let pid = process.id();
                let exit = Exit::of(pid, at);
                self.exit = Some(exit.map_err(|error| in_context(error, format_args!("cannot wait for child {pid}")))?);
            }
            // After that: invariant 1 of `Exit`.
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            if let Some(exit) = &mut self.exit
                && let Err(error) = exit.told().await
            {
                self.exit = None;
                return Err(error);
            }
        }
    }

    /// Waits for its end, and reads what it writes to its pipes meanwhile. Closes its input first.
    ///
    /// Reading ends when the child, and whoever has inherited its streams, have closed them: a child of the child may keep
    /// them open for longer than the child lives.
    ///
    /// # Errors
    /// As [`wait`](Self::wait); of a read. Out of memory.
    ///
    /// # Cancel safety
    /// Not cancel safe: what was read is lost. The child goes on, unless
    /// [`kill_on_drop`](super::Command::kill_on_drop) was said.
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_with_output(mut self) -> impl Future<Output = io::Result<Output>> + Send
    where
        C::Driver: Process,
    {
        let at = Location::caller();
        async move {
            let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
            let stdout = async {
                let mut bytes = Vec::new();
                if let Some(mut pipe) = stdout {
                    pipe.read_to_end(&mut bytes).await?;
                }
                Ok(bytes)
            };
            let stderr = async {
                let mut bytes = Vec::new();
                if let Some(mut pipe) = stderr {
                    pipe.read_to_end(&mut bytes).await?;
                }
                Ok(bytes)
            };
            let (status, stdout, stderr) = try_join!(self.wait_at(at), stdout, stderr)?;
            Ok(Output { status, stdout, stderr })
        }
    }

    /// Asks the system to kill it (`SIGKILL`), and does not wait. Of a child that has ended, that is nothing.
    ///
    /// # Errors
    /// `ECHILD`: as [`try_wait`](Self::try_wait); nobody is signalled, as the number may be another's.
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied): it runs as another user. `ECHILD`: this process was forked after it
    /// started the child, which is its parent's.
    ///
    /// # Platform
    /// Linux: by the descriptor of the process (`pidfd_send_signal(2)`), which is that of no other. Elsewhere by its number,
    /// after a look whether that is the child's still: another thread must not take the status (`waitpid(-1)`) in that moment.
    pub fn start_kill(&mut self) -> io::Result<()> {
        if !self.is_ours() {
            return Err(in_context(
                sys::process::NO_CHILD.into(),
                "the child is that of the process that this one was forked from",
            ));
        }
        let pid = match &self.process {
            Heard::Started(process) => process.id(),
            Heard::Ended(_) => return Ok(()),
            Heard::Lost => return Err(lost()),
        };
        match self.send_kill(pid) {
            Err(error) if sys::process::is_no_child(&error) => Err(self.lose()),
            sent => sent,
        }
    }

    /// To the child, and to nobody else: by its descriptor if it is being waited for, or else as [`sys::process::kill`] says.
    fn send_kill(&self, pid: u32) -> io::Result<()> {
        self.exit.as_ref().and_then(Exit::kill).unwrap_or_else(|| Ok(sys::process::kill(pid)?))
    }

    /// Somebody else has the status: its number may be another's from now on.
    #[cold]
    fn lose(&mut self) -> io::Error {
        self.process = Heard::Lost;
        self.exit = None;
        lost()
    }

    /// Kills it, and waits for its end.
    ///
    /// # Errors
    /// As [`start_kill`](Self::start_kill), and [`wait`](Self::wait).
    ///
    /// # Cancel safety
    /// Cancel safe: it was killed at the first poll.
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn kill(&mut self) -> impl Future<Output = io::Result<()>> + Send
    where
        C::Driver: Process,
    {
        let at = Location::caller();
        async move {
            self.start_kill()?;
            self.wait_at(at).await.map(drop)
        }
    }
}

impl<C: Config> Drop for Child<C> {
    fn drop(&mut self) {
        let gone = Heard::Ended(ExitStatus::default());
        let Heard::Started(process) = core::mem::replace(&mut self.process, gone) else { return };
        if !self.is_ours() {
            return;
        }
        if self.kill_on_drop {
            // It fails for a child of another user, which goes on then.
            let _ = self.send_kill(process.id());
        }
        orphans::leave::<C::Threads>(process);
    }
}

impl<C: Config> fmt::Debug for Child<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Heard::Started(process) => f.debug_tuple("Child").field(&process.id()).finish(),
            Heard::Ended(status) => f.debug_tuple("Child").field(status).finish(),
            Heard::Lost => f.write_str("Child(lost)"),
        }
    }
}

#[cold]
fn lost() -> io::Error {
    const TRIED: &str =
        "the status of the child was taken by somebody else (`waitpid(-1)`), or this process ignores SIGCHLD";
    in_context(sys::process::NO_CHILD.into(), TRIED)
}

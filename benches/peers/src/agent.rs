//! A process that is asked for samples, one line each.

use core::fmt;
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use harness::{Refusal, Row, Sampled};

use harness::epoll;

/// An answer that takes longer does not come; the slowest row takes a few seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// A process and the lines to and from it. Dropping it ends the process.
pub(crate) struct Process {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Process").field(&self.child.id()).finish()
    }
}

impl Process {
    /// Starts `command`.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child =
            spawned.map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
        let (Some(ask), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a process without pipes".into());
        };
        Ok(Self { child, ask: Some(ask), answers: BufReader::new(answers) })
    }

    /// Sends a line.
    ///
    /// # Errors
    /// When the process is gone.
    pub(crate) fn ask(&mut self, line: &str) -> Result<(), String> {
        let asked = self.ask.as_mut().map_or(Ok(()), |pipe| writeln!(pipe, "{line}").and_then(|()| pipe.flush()));
        asked.map_err(|_| self.last_words())
    }

    /// Waits for a line.
    ///
    /// # Errors
    /// When the process ends or says nothing for a minute.
    pub(crate) fn answer(&mut self) -> Result<String, String> {
        let silent = |error| format!("cannot hear it: {error}");
        // One line is said at a time, so what is not in the buffer is in the pipe.
        if self.answers.buffer().is_empty()
            && !epoll::readable(self.answers.get_ref().as_raw_fd(), LIMIT).map_err(silent)?
        {
            return Err(format!("no answer within {LIMIT:?}"));
        }
        let mut line = String::new();
        match self.answers.read_line(&mut line).map_err(silent)? {
            0 => Err(self.last_words()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    /// Ends the process in peace and waits for it.
    ///
    /// # Errors
    /// When it ended badly.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        drop(self.ask.take());
        let status = self.child.wait().map_err(|error| format!("cannot wait for it: {error}"))?;
        if status.success() { Ok(()) } else { Err(self.last_words()) }
    }

    /// As [`stop`](Self::stop); returns what it said on standard error.
    ///
    /// # Errors
    /// As `stop`.
    pub(crate) fn stop_and_hear(mut self) -> Result<String, String> {
        drop(self.ask.take());
        let mut said = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            pipe.read_to_string(&mut said).map_err(|error| format!("cannot hear it: {error}"))?;
        }
        self.stop().map(|()| said)
    }

    /// What a process that is gone, or should be, said at last.
    fn last_words(&mut self) -> String {
        // It has closed its end of a pipe; a process that lives on all the same would keep us waiting.
        let _ = self.child.kill();
        let mut said = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            // What is no text ends the words, and that is all they are.
            let _ = pipe.read_to_string(&mut said);
        }
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
        format!("{} ({status})", said.join(" / "))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It is asked for nothing more, so nothing is lost; `wait` keeps the process table clean.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A started variant.
#[derive(Debug)]
pub(crate) struct Agent(Process);

impl Agent {
    /// Starts a variant's agent and waits until it is up.
    ///
    /// # Errors
    /// Why the runtime does not start.
    pub(crate) fn start(mut command: Command) -> Result<Self, String> {
        let mut process = Process::start(&mut command)?;
        match process.answer()?.as_str() {
            "up" => Ok(Self(process)),
            other => Err(format!("it said '{other}' where 'up' was due")),
        }
    }

    /// Asks for one sample.
    pub(crate) fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        let line = self.0.ask(&format!("{} {amount}", row.name)).and_then(|()| self.0.answer());
        parse(&line.map_err(Refusal::Failed)?)
    }
}

fn parse(line: &str) -> Sampled {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "absent" => Err(Refusal::Absent),
        "failed" => Err(Refusal::Failed(rest.to_owned())),
        "ok" => {
            let figures: Option<Vec<f64>> = rest.split(' ').map(|figure| figure.parse().ok()).collect();
            figures.ok_or_else(|| Refusal::Failed(format!("it said '{line}'")))
        }
        _ => Err(Refusal::Failed(format!("it said '{line}'"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_that_ends_tells_why() {
        let why = Agent::start(shell("echo no ring >&2; exit 3")).unwrap_err();
        assert!(why.contains("no ring") && why.contains('3'), "{why}");
    }

    #[test]
    fn answers_are_figures_or_reasons() {
        assert_eq!(parse("ok 1.5 2"), Ok(vec![1.5, 2.0]));
        assert_eq!(parse("absent"), Err(Refusal::Absent));
        assert_eq!(parse("failed no ring here"), Err(Refusal::Failed("no ring here".into())));
        assert!(matches!(parse("ok"), Err(Refusal::Failed(_))));
        assert!(matches!(parse("ok one"), Err(Refusal::Failed(_))));
    }

    #[test]
    fn an_agent_is_asked_by_row_and_amount() {
        let mut agent = Agent::start(shell("echo up; read line; echo ok ${line#* }")).unwrap();
        assert_eq!(agent.sample(&harness::rows::ROWS[0], 17), Ok(vec![17.0]));
        assert!(matches!(agent.sample(&harness::rows::ROWS[0], 17), Err(Refusal::Failed(_))), "it has ended");
    }
}

//! Making the workers and their threads, and what is undone if one cannot be made: the numbers are those of *Start* in the
//! [module](super).

use super::super::claim::Claim;
use super::thread::{Handed, Panicked, outside_of_tasks};
use crate::config::Config;
use crate::config::LiveOf;
use crate::error::{Error, ErrorKind};
use crate::roles::{Cpu, Live, Nanos, Scheduler, Threads, Topology, on_demand};
use crate::task::home::Home;
use crate::worker::cores::Pinned;
use crate::worker::{Common, Worker, close};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::time::Duration;

/// Starts all workers. Yields the first, with a reference of the team that the caller gives back.
///
/// # Errors
/// What memory strategy, driver, source of threads or topology refused first; then nothing of the runtime is left.
pub(crate) fn start<C: Config>() -> Result<NonNull<Worker<C>>, Error> {
    let common = Common::start();
    // 1.
    let cpus = cpus::<C>()?;
    let count = count::<C>(&cpus);
    // The topology is the program's, and may panic: before there is anything to close.
    let pinned = C::PIN_WORKERS.then(|| Pinned::of::<C>(cpus, count));
    let workers = make(&common, count)?;
    let first = workers[0];
    // 2.
    // SAFETY: new, and known to this thread alone.
    unsafe { common.cores.form(&workers, pinned, start_thread) };
    // SAFETY: no thread runs yet that could close it.
    unsafe { first.as_ref() }.home.acquire();
    if on_demand::<C::Scheduler>() {
        return Ok(first);
    }
    // 3. and 4.
    match start_threads(&common) {
        Ok(()) => Ok(first),
        Err(error) => {
            // 5.
            common.cores.close(None);
            super::ask_to_end(&common);
            common.cores.wait(|| Duration::MAX, None);
            // SAFETY: the reference that was taken above; `first` is not used again.
            unsafe { Home::release(Worker::home_of(first)) };
            Err(error)
        }
    }
}

/// The processors that the process may use, if anything depends on them.
fn cpus<C: Config>() -> Result<Vec<Cpu>, Error> {
    let mut cpus = Vec::new();
    if C::PIN_WORKERS || !C::WORKERS_EXACT {
        C::Topology::for_each_cpu(|cpu| cpus.push(cpu));
        if cpus.is_empty() {
            return Err(Error::new(ErrorKind::Other).because("the topology describes a machine without processors"));
        }
    }
    Ok(cpus)
}

/// As many workers as the scheduler may have, the machine has processors, and the process is given of their time.
fn count<C: Config>(cpus: &[Cpu]) -> usize {
    let most = <C::Scheduler as Scheduler>::WORKERS;
    if C::WORKERS_EXACT {
        return most;
    }
    let most = cpus.len().clamp(1, most);
    // It is asked of files, so only where it can be less.
    let at_once = if most > 1 { C::Topology::parallelism() } else { None };
    at_once.map_or(most, |at_once| most.min(at_once.get()))
}

fn make<C: Config>(common: &Arc<Common<C>>, count: usize) -> Result<Vec<NonNull<Worker<C>>>, Error> {
    let mut made = Vec::with_capacity(count);
    for index in 0..count {
        // Threads on demand: the first is equipped all the same, so that what the system refuses to all is heard now.
        let equipped = index == 0 || !on_demand::<C::Scheduler>();
        match Worker::member(common.clone(), index, equipped) {
            Ok(worker) => made.push(worker),
            Err(error) => {
                for worker in made {
                    // SAFETY: this thread made it, and is not inside.
                    unsafe { close::close(worker, Nanos(0)) };
                }
                return Err(error);
            }
        }
    }
    Ok(made)
}

fn start_threads<C: Config>(common: &Arc<Common<C>>) -> Result<(), Error> {
    let members = common.cores.members();
    for index in 0..members.len() {
        // Nobody else knows the runtime yet.
        let _taken = common.cores.take(index);
        let Err((error, runs)) = start_thread(common, index) else { continue };
        // It does not close yet.
        let _free = runs || common.cores.refused(index, error);
        for member in &members[index + usize::from(runs)..] {
            // SAFETY: no thread has claimed it, so it is this one's still, which is not inside.
            unsafe { close::close(member.worker, Nanos(0)) };
        }
        return Err(error);
    }
    // Else none of them can refuse.
    if C::PIN_WORKERS || LiveOf::<C>::ARRIVES { common.cores.until_all_say() } else { Ok(()) }
}

/// Starts the thread of worker `index`, whose seat the caller has taken. The error says whether the thread runs all the same.
fn start_thread<C: Config>(common: &Arc<Common<C>>, index: usize) -> Result<(), (Error, bool)> {
    let claim = Arc::new(Claim::new());
    let worker = common.cores.members()[index].worker;
    let handed = Handed { worker, index, common: common.clone(), claim: claim.clone() };
    let start = || C::Threads::start(&alloc::format!("{}-core-{index}", C::NAME), move || handed.run());
    let panicked = |Panicked| Err(Error::new(ErrorKind::Other).because("the source of threads panicked"));
    match outside_of_tasks(start).unwrap_or_else(panicked) {
        Ok(thread) => {
            common.cores.started(index, Some(thread));
            Ok(())
        }
        Err(error) => {
            let runs = !claim.win();
            if runs {
                common.cores.started(index, None);
            }
            Err((error, runs))
        }
    }
}

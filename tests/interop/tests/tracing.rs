//! What a subscriber of `tracing` is told: of each task its name, identity and place, each poll and how it ended, and the driver.

use bespoke::prelude::*;
use bespoke::{Config, JoinSet, Runtime};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

/// A span, and what was told inside of it.
#[derive(Debug, Default, Clone)]
struct Span {
    target: String,
    fields: BTreeMap<String, String>,
    follows: Option<u64>,
    inside: Vec<String>,
    closed: bool,
}

#[derive(Default)]
struct Seen {
    spans: BTreeMap<u64, Span>,
    /// The spans that each thread is inside of.
    entered: BTreeMap<String, Vec<u64>>,
    handles: BTreeMap<u64, usize>,
    metadata: BTreeMap<u64, &'static Metadata<'static>>,
    outside: Vec<(String, BTreeMap<String, String>)>,
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Seen>>);

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_string(), format!("{value:?}").trim_matches('"').to_string());
    }
}

fn thread() -> String {
    format!("{:?}", std::thread::current().id())
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut seen = self.0.lock().expect("nothing panics inside");
        let id = seen.spans.len() as u64 + 1;
        let mut new = Span { target: span.metadata().target().into(), ..Span::default() };
        let outlives = span.metadata().target().starts_with("bespoke") && span.metadata().name() != "block_on";
        assert!(!outlives || span.is_root(), "a task or a job outlives who spawned it");
        span.record(&mut Fields(&mut new.fields));
        seen.spans.insert(id, new);
        seen.handles.insert(id, 1);
        seen.metadata.insert(id, span.metadata());
        Id::from_u64(id)
    }
    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut seen = self.0.lock().expect("nothing panics inside");
        values.record(&mut Fields(&mut seen.spans.get_mut(&span.into_u64()).expect("it was made").fields));
    }
    fn record_follows_from(&self, span: &Id, follows: &Id) {
        let mut seen = self.0.lock().expect("nothing panics inside");
        seen.spans.get_mut(&span.into_u64()).expect("it was made").follows = Some(follows.into_u64());
    }
    fn event(&self, event: &Event<'_>) {
        let mut seen = self.0.lock().expect("nothing panics inside");
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let inside = seen.entered.get(&thread()).and_then(|stack| stack.last().copied());
        let what = format!("{} {}", fields["message"], fields.get("result").map_or("", String::as_str));
        match inside {
            Some(span) => seen.spans.get_mut(&span).expect("it was made").inside.push(what.trim().to_string()),
            None => seen.outside.push((event.metadata().target().to_string(), fields)),
        }
    }
    fn enter(&self, span: &Id) {
        self.0.lock().expect("nothing panics inside").entered.entry(thread()).or_default().push(span.into_u64());
    }
    fn exit(&self, span: &Id) {
        let mut seen = self.0.lock().expect("nothing panics inside");
        assert_eq!(seen.entered.get_mut(&thread()).and_then(Vec::pop), Some(span.into_u64()), "in order");
    }
    fn clone_span(&self, span: &Id) -> Id {
        *self.0.lock().expect("nothing panics inside").handles.get_mut(&span.into_u64()).expect("it was made") += 1;
        span.clone()
    }
    fn try_close(&self, span: Id) -> bool {
        let mut seen = self.0.lock().expect("nothing panics inside");
        let handles = seen.handles.get_mut(&span.into_u64()).expect("it was made");
        *handles -= 1;
        let closed = *handles == 0;
        seen.spans.get_mut(&span.into_u64()).expect("it was made").closed = closed;
        closed
    }
    fn current_span(&self) -> Current {
        let seen = self.0.lock().expect("nothing panics inside");
        match seen.entered.get(&thread()).and_then(|stack| stack.last()) {
            Some(id) => Current::new(Id::from_u64(*id), seen.metadata[id]),
            None => Current::none(),
        }
    }
}

/// Runs `program` on a runtime of `C`, on this thread, and yields what was told.
fn told<C: Config>(program: impl AsyncFnOnce()) -> Seen {
    let recorder = Recorder::default();
    tracing::subscriber::with_default(recorder.clone(), || {
        Runtime::<C>::new().expect("a runtime starts").block_on(program());
    });
    std::mem::take(&mut *recorder.0.lock().expect("nothing panics inside"))
}

fn task(seen: &Seen, line: u32) -> Span {
    span(seen, "bespoke::task", line)
}

fn span(seen: &Seen, target: &str, line: u32) -> Span {
    let at = |span: &&Span| span.target == target && span.fields["line"] == line.to_string();
    let span = seen.spans.values().find(at).unwrap_or_else(|| panic!("no span of line {line}: {:?}", seen.spans));
    assert!(span.closed && span.fields["file"].ends_with("tracing.rs"), "{span:?}");
    span.clone()
}

#[test]
fn tasks_have_name_identity_and_place_and_tell_of_their_polls() {
    let mut ids = Vec::new();
    let mut lines = Vec::new();
    let seen = told::<bespoke::preset::Default>(async || {
        let outer = tracing::info_span!("outer", line = 0);
        let inside = outer.enter();
        lines.push(line!() + 1);
        let plain = bespoke::spawn(async {
            tracing::info!("hello");
            bespoke::yield_now().await;
        });
        drop(inside);
        lines.push(line!() + 1);
        let named = bespoke::preset::Default::spawn_named("counts", async { 1 });
        lines.push(line!() + 1);
        let panics = bespoke::handle().spawn(async { panic!("on purpose") });
        let mut set = JoinSet::new();
        lines.push(line!() + 1);
        set.spawn(async { drop(tracing::info_span!("own").entered()) });
        ids.extend([plain.id().to_string(), named.id().to_string(), panics.id().to_string()]);
        plain.await.expect("it ends");
        named.await.expect("it ends");
        panics.await.map(|never: ()| never).expect_err("it panics");
        set.join_next().await.expect("there is one").expect("it ends");
    });
    let [plain, named, panics, member] = *lines else { panic!("four tasks") };
    let spans = [task(&seen, plain), task(&seen, named), task(&seen, panics), task(&seen, member)];
    for (span, id) in spans.iter().zip(&ids) {
        assert_eq!(&span.fields["id"], id);
    }
    assert_eq!(spans[0].inside, ["hello", "polled pending", "polled ready"]);
    // The first is that of the `block_on`.
    assert_eq!(spans[0].follows, Some(2), "the span in which it was spawned");
    assert_eq!(seen.spans[&2].inside, ["spawned"]);
    assert_eq!((spans[1].fields["name"].as_str(), &*spans[1].inside), ("counts", &["polled ready".to_string()][..]));
    assert_eq!(spans[2].inside, ["polled panicked"]);
    assert_eq!(spans[3].inside, ["polled ready"]);
}

#[bespoke::async_fn]
async fn waits() {
    std::future::pending::<()>().await;
}

/// The span of a task does not hide what it waits for, and asking is no poll.
#[test]
fn a_task_in_a_span_says_what_it_waits_for() {
    let mut line = 0;
    let seen = told::<bespoke::preset::Default>(async || {
        line = line!() + 1;
        let task = bespoke::spawn(waits());
        let mut set = JoinSet::new();
        set.spawn(waits());
        let plain = bespoke::spawn(std::future::pending::<()>());
        bespoke::yield_now().await;
        let dump = bespoke::handle().dump();
        assert_eq!(dump.tasks().len(), 3, "{dump}");
        let levels: Vec<usize> = dump.tasks().iter().map(|trace| trace.levels().len()).collect();
        assert_eq!(levels, [2, 2, 1], "{dump}");
        assert!(task.trace().to_string().contains("in tracing::waits, "), "{dump}");
        assert!(plain.trace().to_string().ends_with("\n    at Pending<()>"), "{dump}");
    });
    assert_eq!(task(&seen, line).inside, ["polled pending"]);
}

const HOLDS: u32 = line!() + 2;
#[bespoke::async_fn]
async fn holds(told: std::sync::mpsc::Receiver<()>) {
    // Not an `.await`: it holds its worker until the report of that is there.
    let patience = std::time::Duration::from_secs(20);
    told.recv_timeout(patience).expect("the watchdog tells of it");
}

/// The span of a task is around its future, and does not hide the function from the watchdog; nor does a set.
#[test]
fn a_task_in_a_span_that_holds_its_worker_is_named_by_its_function() {
    use bespoke::watchdog::{Blocked, BlockedAfter, OnBlocked};
    use std::sync::mpsc::{Sender, channel};
    static TOLD: Mutex<Vec<Sender<()>>> = Mutex::new(Vec::new());
    static NAMES: Mutex<Vec<(String, Option<u32>, bool)>> = Mutex::new(Vec::new());
    struct Told;
    impl OnBlocked for Told {
        fn on_blocked(blocked: &Blocked<'_>) {
            let name = (blocked.name().to_string(), blocked.location().map(|at| at.line()), blocked.task().is_some());
            NAMES.lock().expect("nothing panics inside").push(name);
            if !blocked.is_over()
                && let Some(told) = TOLD.lock().expect("nothing panics inside").pop()
            {
                told.send(()).expect("the task waits for it");
            }
        }
    }
    struct App;
    #[bespoke::config]
    impl Config for App {
        type Watchdog = BlockedAfter<100, Told>;
    }
    let hold = || {
        let (tell, told) = channel();
        TOLD.lock().expect("nothing panics inside").push(tell);
        holds(told)
    };
    // With a recorder: an event that is met first where there is none may be taken for one that nobody wants, also elsewhere.
    told::<App>(async || {
        App::spawn(hold()).await.expect("it ends");
        let mut set = bespoke::rt::JoinSet::<(), App, bespoke::scheduler::Local>::new();
        set.spawn(hold());
        set.join_next().await.expect("it is there").expect("it ends");
        hold().await;
    });
    let names = NAMES.lock().expect("nothing panics inside").clone();
    let of_a_task = |task| ("tracing::holds".to_string(), Some(HOLDS), task);
    assert_eq!(names[..4], [true, true, true, true].map(of_a_task), "{names:?}");
    // `block_on` is given what rustc makes of the block around it.
    assert!(!names[4].2, "{names:?}");
    assert!(names.len() == 6 && names[4].0.contains("holds_its_worker"), "{names:?}");
}

/// What a future says when it is dropped belongs to its task, too.
#[test]
fn drop_of_an_aborted_task_lies_in_its_span() {
    struct Says;
    impl Drop for Says {
        fn drop(&mut self) {
            tracing::info!("dropped");
        }
    }
    let mut line = 0;
    let seen = told::<bespoke::preset::Default>(async || {
        line = line!() + 1;
        let task = bespoke::spawn(async {
            let _says = Says;
            std::future::pending::<()>().await;
        });
        bespoke::yield_now().await;
        task.abort();
        assert!(task.await.expect_err("it has no end").is_cancelled());
    });
    assert_eq!(task(&seen, line).inside, ["polled pending", "dropped"]);
}

#[test]
fn jobs_and_the_future_of_block_on_have_spans() {
    struct Says;
    impl Drop for Says {
        fn drop(&mut self) {
            tracing::info!("dropped");
        }
    }
    let recorder = Recorder::default();
    // A blocking thread has no subscriber of its own.
    tracing::subscriber::set_global_default(recorder.clone()).expect("only this test sets one");
    let (mut lines, mut ids) = (Vec::new(), Vec::new());
    let runtime = Runtime::<bespoke::preset::Default>::new().expect("a runtime starts");
    let root = line!() + 1;
    runtime.block_on(async {
        tracing::info!("outside of every task");
        lines.push(line!() + 1);
        let done = bespoke::spawn_blocking(|| tracing::info!("hello"));
        lines.push(line!() + 1);
        let panics = bespoke::handle().spawn_blocking(|| panic!("on purpose"));
        ids.extend([done.id().to_string(), panics.id().to_string()]);
        done.await.expect("it ends");
        panics.await.map(|never: ()| never).expect_err("it panics");
    });
    let handle = runtime.handle();
    drop(runtime);
    let says = Says;
    lines.push(line!() + 1);
    let late = handle.spawn_blocking(move || drop(says));
    ids.push(late.id().to_string());
    drop(late);

    let seen = recorder.0.lock().expect("nothing panics inside");
    let root = task(&seen, root);
    assert_eq!(root.inside[..2], ["outside of every task", "spawned"]);
    assert_eq!(root.inside.last().map(String::as_str), Some("polled ready"));
    let jobs: Vec<Span> = lines.iter().map(|line| span(&seen, "bespoke::blocking", *line)).collect();
    for (job, id) in jobs.iter().zip(&ids) {
        assert_eq!(&job.fields["id"], id);
    }
    assert_eq!(jobs[0].inside, ["hello", "ran done"]);
    assert_eq!(jobs[1].inside, ["ran panicked"]);
    assert_eq!(jobs[2].inside, ["dropped"], "a closed runtime runs nothing");
    let of_the_root = seen.spans.iter().find(|(_, span)| span.fields.get("line") == root.fields.get("line"));
    assert_eq!(jobs[0].follows.as_ref(), of_the_root.map(|(id, _)| id), "the span in which it was spawned");
}

#[test]
fn runtime_tells_which_driver_runs() {
    fn driver(seen: &Seen) -> String {
        let started = seen.outside.iter().find(|(target, _)| target == "bespoke::runtime");
        let (_, fields) = started.expect("it was told");
        assert!(!fields["by"].is_empty() && !fields["why"].is_empty() && !fields["config"].is_empty());
        fields["driver"].clone()
    }
    assert_eq!(driver(&told::<bespoke::preset::Default>(async || ())), "mio");
    assert_eq!(driver(&told::<bespoke::preset::Blocking>(async || ())), "blocking");
}

/// A future that was not spawned comes back as it was.
#[test]
fn future_that_found_no_memory_comes_back() {
    struct Tiny;
    #[bespoke::config(base = bespoke::preset::Default)]
    impl Config for Tiny {
        type Memory = bespoke::memory::Fixed<32768>;
    }
    let mut refused = 0;
    told::<Tiny>(async || {
        let mut tasks = Vec::new();
        loop {
            let big = [7u8; 512];
            match Tiny::try_spawn(async move { std::hint::black_box(big)[0] }) {
                Ok(task) => tasks.push(task),
                Err(future) => {
                    refused += 1;
                    assert_eq!(future.await, 7);
                    break;
                }
            }
        }
        for task in tasks {
            assert_eq!(task.await.expect("it ends"), 7);
        }
    });
    assert_eq!(refused, 1);
}

//! The attribute macros of bespoke: [`macro@config`], [`macro@main`], [`macro@test`], [`macro@async_fn`] and [`macro@task`].
//!
//! Use them through the `bespoke` crate, as `#[bespoke::config]`, `#[bespoke::main]` and `#[bespoke::test]`. This crate
//! depends on none of the runtime's crates; it must be of the same version as they are, since it knows the items of the
//! trait `Config`.
//!
//! Each macro is a small compiler: *parse* the tokens, *analyze* what the user wrote, *lower* it to a plan, *emit* the
//! plan. Mistakes are collected on the way and shown together, beside everything that could still be expanded.

mod arguments;
mod async_fn;
mod config;
mod entry;
mod errors;
mod items;
mod span;
mod task;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use entry::Entry;

/// Makes a type a runtime configuration. The only way to implement `bespoke::Config`.
///
/// The attribute goes on an `impl Config for …` that says what differs from a base; everything else is taken from
/// the base. What was written is checked against the rules of the runtime at `cargo check`, under the value itself.
///
/// ```ignore
/// use bespoke::{Config, driver::IoUring, preset};
///
/// pub struct App;
///
/// #[bespoke::config(base = preset::Server, module = pub app)]
/// impl Config for App {
///     type Driver = IoUring<1024>;
///     const LOCAL_QUEUE: usize = 1024;
/// }
///
/// #[bespoke::main(App)]
/// async fn main() {
///     app::spawn(async { /* … */ }).await.unwrap();
/// }
/// ```
///
/// # Arguments
///
/// All are optional, in any order.
///
/// | argument | meaning | without it |
/// |---|---|---|
/// | `base = type` | the config that missing items come from: a preset, or another config | `preset::Default` |
/// | `module = app`, `module = pub app` | makes a module of this name and visibility, with the runtime's names for this config: `app::{spawn, net, time, sync, JoinSet, Runtime}` | no module |
/// | `crate = path` | where the `bespoke` crate is found, for crates that re-export it | `::bespoke` |
///
/// # Items
///
/// Every item of `Config` may be written or left out: the types `Scheduler`, `Driver`, `Memory`, `Clock`, `Entropy`,
/// `Threads`, `Topology` and `Watchdog`, and all consts. `NAME` is never taken from the base; left out, it is the type as written
/// in the block.
///
/// An item may stand under `#[cfg(…)]`; in the other builds it is taken from the base. A `#[cfg(…)]` on the block, below
/// the attribute, covers everything that the attribute makes.
///
/// ```ignore
/// #[bespoke::config(base = preset::Server)]
/// impl Config for App {
///     #[cfg(sim)]
///     type Clock = clock::Manual;
/// }
/// ```
///
/// A config may be generic. Its rules depend on the parameters, so they are checked where a runtime is built and not
/// here, and it has no `module`.
///
/// ```ignore
/// pub struct Many<D>(PhantomData<D>);
///
/// #[bespoke::config]
/// impl<D: Driver + Under<Local>> Config for Many<D> {
///     type Driver = D;
/// }
/// ```
///
/// # Expansion
///
/// For `App` above, in this order:
///
/// ```text
/// // 1. the block, with the missing items; those from the base lie under `preset::Server`
/// #[diagnostic::do_not_recommend] // not on a generic config: "is not a configuration" needs no list of those that are
/// impl Config for App {
///     type Driver = IoUring<1024>;
///     const LOCAL_QUEUE: usize = 1024;
///     type Scheduler = <preset::Server as Config>::Scheduler;
///     …
///     const NAME: &'static str = "App";
///     const EVENT_INTERVAL: u32 = <preset::Server as Config>::EVENT_INTERVAL;
///     …
///     const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: … = …;
/// }
/// // 2. one check per written item, under its value; then the rules across items, under `App`
/// const _: () = ::bespoke::__private::check::item::<App>("Driver");
/// const _: () = ::bespoke::__private::check::item::<App>("LOCAL_QUEUE");
/// const _: () = ::bespoke::__private::check::rest::<App>(&["Driver", "LOCAL_QUEUE"]);
/// // 3. the functions of the config: `App::spawn`, `App::sleep`, …
/// ::bespoke::__ambient! { [] App, [] }
/// // 4. the module, with the config as seen from two modules further in
/// ::bespoke::__module! { pub app [super::super::App] }
/// ```
///
/// Consts are forwarded like types: the values of the base count, and not the defaults of the trait. Only names of
/// `bespoke` and `::core` are used, so a `#![no_std]` crate can have configs.
///
/// # Errors
///
/// - *unknown argument; `#[bespoke::config]` knows `base = …`, `module = …` and `crate = …`*
/// - *the argument `base` is given twice*; *a config cannot be its own base*
/// - *`Default` alone is the trait of the standard library; name the preset by its path, `bespoke::preset::Default`*
/// - *`#[bespoke::config]` goes on `impl Config for …`*: the block implements another trait, or none
/// - *`#[bespoke::config]` must see every item, and cannot look into a macro call; write the items out*
/// - *`module = …` makes the names of one config, and this one has generic parameters*
///
/// Several mistakes are shown at once, and the `impl` exists beside them. A broken rule of the runtime ("LOCAL_QUEUE is
/// 100, but must be a power of two …") is an error under the value; under the base if the value comes from there
/// and is wrong for another item; under the type's name if it is about several items. An item that `Config` does not
/// have is reported by the compiler, with the similar name.
///
/// # Limits
///
/// With `module = …` the block must stand in a module: in a function's body there is no path from the new module to
/// the config.
#[proc_macro_attribute]
pub fn config(arguments: TokenStream, item: TokenStream) -> TokenStream {
    config::expand(arguments.into(), item.into()).into()
}

/// Makes an `async fn` a state machine that this macro writes: smaller futures, on stable Rust.
///
/// ```ignore
/// #[bespoke::async_fn]
/// async fn copy(mut from: TcpStream, mut to: TcpStream) -> std::io::Result<u64> {
///     let mut buffer = vec![0; 4096];
///     let mut total = 0;
///     loop {
///         let count = from.read(&mut buffer).await?;
///         if count == 0 {
///             return Ok(total);
///         }
///         to.write_all(buffer[..count].to_vec()).await.0?;
///         total += count as u64;
///     }
/// }
/// ```
///
/// The attribute goes on a function, on a method, or on a whole `impl` or trait, where it means every `async` method without an
/// attribute of its own. A trait needs it if a method has several lifetimes or type parameters. The function is called,
/// awaited, spawned and dropped as before. What the macro does not understand it refuses, with the rewrite; nothing is left to
/// rustc's own transformation. The guide's chapter on `#[async_fn]` lists both.
///
/// # Arguments
///
/// | argument | meaning | without it |
/// |---|---|---|
/// | `rustc` | the function stays an `async fn`: rustc makes the future | the macro makes it |
/// | `crate = path` | where the `bespoke` crate is found | `::bespoke` |
///
/// # Expansion
///
/// ```text
/// fn copy(from: TcpStream, to: TcpStream) -> impl Future<Output = std::io::Result<u64>> {
///     fn copy_twin(…) -> … { … }       // the twin: as written, but that it waits in calls; checked by rustc, never called
///     machine(|frame| …, |frame, context| …, |frame| …)
/// }
/// ```
///
/// # Panics
///
/// The future panics if it is polled after it completed, or after it panicked.
#[proc_macro_attribute]
pub fn async_fn(arguments: TokenStream, item: TokenStream) -> TokenStream {
    async_fn::expand(arguments.into(), item.into()).into()
}

/// Gives the tasks of an `async fn` memory that is part of the program: a `static` with room for `N` of them.
///
/// ```ignore
/// #[bespoke::task(pool = 4)]
/// #[bespoke::async_fn]
/// async fn serve(stream: app::net::TcpStream) -> std::io::Result<()> { /* … */ }
///
/// // elsewhere
/// if let Err(full) = app::spawn_task(serve(stream)) {
///     // four are being served; the fifth is in the error
/// }
/// ```
///
/// The function then returns a [`StaticTask`](../bespoke/task/struct.StaticTask.html), which `spawn_task` spawns; a place is the
/// size of the task, header and future, and no more. A pool that is full is an error, not a panic. Its tasks are named after
/// the function in traces.
///
/// The future may be rustc's or, with `#[bespoke::async_fn]` below this attribute, the macro's.
///
/// # Arguments
///
/// | argument | meaning | without it |
/// |---|---|---|
/// | `pool = N` | how many tasks of this function there may be at a time, of all runtimes together: a constant expression | one |
/// | `crate = path` | where the `bespoke` crate is found | `::bespoke` |
///
/// # Expansion
///
/// ```text
/// fn serve(stream: TcpStream) -> StaticTask<impl Future<Output = std::io::Result<()>>, impl Pool> {
///     #[bespoke::async_fn]
///     async fn __task(stream: TcpStream) -> std::io::Result<()> { … }
///     struct __Pool;                  // names the `static`, so that a task needs no byte for it
///     impl Pool for __Pool { … }      // static STORE: Places<…, bytes_of(&__task), 4>
///     StaticTask::new(__task(stream))
/// }
/// ```
///
/// There is no `unsafe` in it, and it needs no `std`. Docs, lints and `#[cfg]` stay on the outer function, all other attributes
/// go to the inner one, which macros below this one see as `__task`.
///
/// # Errors
///
/// - *a task has no generic parameters …*, *a task has no `self` …*: there is one `static`, of one size
/// - *a task outlives whoever spawns it …*: an argument borrows
/// - *a task is an `async fn` …*: also where `#[async_fn]` stands above this attribute, and not below it
/// - *a pool has at least one place*
/// - what else `runtime-macros/src/task/says.rs` lists
///
/// # Limits
///
/// Where futures must be `Send` to be spawned, a task cannot spawn its like in its own body: whether its future is `Send`
/// would depend on itself. Under a local config it can.
#[proc_macro_attribute]
pub fn task(arguments: TokenStream, item: TokenStream) -> TokenStream {
    task::expand(arguments.into(), item.into()).into()
}

/// Runs an `async fn` on a runtime of its own: the entry of a program.
///
/// ```ignore
/// #[bespoke::main]
/// async fn main() -> std::io::Result<()> {
///     let listener = bespoke::net::TcpListener::bind("127.0.0.1:7000").await?;
///     loop {
///         let (stream, _) = listener.accept().await?;
///         bespoke::spawn(serve(stream));
///     }
/// }
/// ```
///
/// The function may have any name and any return type. Unless it is called `main` it is an ordinary function that starts
/// a runtime each time it is called. Its future stays on the thread that called it and need not be `Send`.
///
/// # Arguments
///
/// | argument | meaning | without it |
/// |---|---|---|
/// | a type, first or alone | the config of the runtime | `preset::Default`, the one of `bespoke::spawn` |
/// | `crate = path` | where the `bespoke` crate is found | `::bespoke` |
///
/// With a config of your own, use the names of its module (`app::spawn`, `app::net`): `bespoke::spawn` belongs to
/// `preset::Default` and panics inside another runtime, naming both.
///
/// ```ignore
/// #[bespoke::main(App)]
/// async fn main() {
///     app::spawn(async { /* … */ });
/// }
/// ```
///
/// # Expansion
///
/// ```text
/// fn main() -> std::io::Result<()> {
///     async fn main() -> std::io::Result<()> { … }
///     ::bespoke::__private::run::<App, _>(main())
/// }
/// ```
///
/// Attributes and visibility stay on the outer function. The body is compiled as that of an `async fn` with the declared
/// return type, so the compiler's messages about it are the usual ones, in the usual place.
///
/// # Errors
///
/// - *the function must be `async fn`*
/// - *the entry function takes no arguments*
/// - *the entry function takes no generic parameters*
/// - *unknown argument; `#[bespoke::main]` knows a config and `crate = …`*
/// - *the function runs on one config, and it is given already*; *the argument `crate` is given twice*
/// - *`#[bespoke::main]` goes on an `async fn`*
/// - *`App` is not a runtime configuration*, under `App`, from the compiler; *`Default` alone is the trait of the standard
///   library; …*
///
/// A function of the name exists beside each of them.
///
/// # Panics
///
/// The emitted function panics if the runtime cannot be started.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Entry::Main, arguments.into(), item.into()).into()
}

/// Makes an `async fn` a unit test that runs on a runtime of its own.
///
/// Arguments, expansion, errors and panics are those of [`macro@main`]; the function is a `#[test]` besides, and
/// `#[should_panic]`, `#[ignore]` and a `Result` as return type mean what they mean there.
///
/// ```ignore
/// #[bespoke::test]
/// async fn a_task_gives_its_value() {
///     assert_eq!(bespoke::spawn(async { 5 }).await.unwrap(), 5);
/// }
///
/// #[bespoke::test(App)]
/// #[should_panic(expected = "boom")]
/// async fn a_panic_reaches_the_test() {
///     app::spawn(async { panic!("boom") }).await.unwrap()
/// }
/// ```
///
/// Without an argument a test runs on `preset::Default`, so `bespoke::spawn` works in it as it does under
/// `#[bespoke::main]`.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Entry::Test, arguments.into(), item.into()).into()
}

#[cfg(unix)]
#[diagnostic::do_not_recommend]
impl Config for App {
    #[cfg(sim)]
    type Clock = Manual;
    #[cfg(a)]
    #[cfg(b)]
    const POLL_BUDGET: u32 = 1;
    #[cfg(not(a))]
    const POLL_BUDGET: u32 = 2;
    type Scheduler = <::bespoke::preset::Default as Config>::Scheduler;
    type Driver = <::bespoke::preset::Default as Config>::Driver;
    type Memory = <::bespoke::preset::Default as Config>::Memory;
    #[cfg(not(any(sim)))]
    type Clock = <::bespoke::preset::Default as Config>::Clock;
    type Entropy = <::bespoke::preset::Default as Config>::Entropy;
    type Threads = <::bespoke::preset::Default as Config>::Threads;
    type Topology = <::bespoke::preset::Default as Config>::Topology;
    type Watchdog = <::bespoke::preset::Default as Config>::Watchdog;
    const NAME: &'static str = "App";
    const LOCAL_QUEUE: usize = <::bespoke::preset::Default as Config>::LOCAL_QUEUE;
    const EVENT_INTERVAL: u32 = <::bespoke::preset::Default as Config>::EVENT_INTERVAL;
    #[cfg(not(any(all(a, b), not(a))))]
    const POLL_BUDGET: u32 = <::bespoke::preset::Default as Config>::POLL_BUDGET;
    const TIMER_SLACK: ::core::time::Duration = <::bespoke::preset::Default as Config>::TIMER_SLACK;
    const BLOCKING_THREADS_MAX: usize = <::bespoke::preset::Default as Config>::BLOCKING_THREADS_MAX;
    const BLOCKING_QUEUE_MAX: usize = <::bespoke::preset::Default as Config>::BLOCKING_QUEUE_MAX;
    const BLOCKING_KEEP_ALIVE: ::core::time::Duration = <::bespoke::preset::Default as Config>::BLOCKING_KEEP_ALIVE;
    const SHUTDOWN_TIMEOUT: ::core::time::Duration = <::bespoke::preset::Default as Config>::SHUTDOWN_TIMEOUT;
    const WORKERS_EXACT: bool = <::bespoke::preset::Default as Config>::WORKERS_EXACT;
    const PIN_WORKERS: bool = <::bespoke::preset::Default as Config>::PIN_WORKERS;
    const PANIC: ::bespoke::PanicPolicy = <::bespoke::preset::Default as Config>::PANIC;
    #[doc(hidden)]
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: ::bespoke::__private::Sealed = ::bespoke::__private::Sealed::BY_MACRO;
}
#[cfg(unix)]
#[cfg(sim)]
const _: () = ::bespoke::__private::check::item::<App>("Clock");
#[cfg(unix)]
#[cfg(all(a, b))]
const _: () = ::bespoke::__private::check::item::<App>("POLL_BUDGET");
#[cfg(unix)]
#[cfg(not(a))]
const _: () = ::bespoke::__private::check::item::<App>("POLL_BUDGET");
#[cfg(unix)]
const _: () = ::bespoke::__private::check::rest::<
    App,
>(&[#[cfg(sim)] "Clock", #[cfg(all(a, b))] "POLL_BUDGET", #[cfg(not(a))] "POLL_BUDGET"]);
#[cfg(unix)]
::bespoke::__ambient! {
    [] App, []
}

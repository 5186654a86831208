#[diagnostic::do_not_recommend]
impl bespoke::Config for App {
    type Scheduler = <::bespoke::preset::Default as bespoke::Config>::Scheduler;
    type Driver = <::bespoke::preset::Default as bespoke::Config>::Driver;
    type Memory = <::bespoke::preset::Default as bespoke::Config>::Memory;
    type Clock = <::bespoke::preset::Default as bespoke::Config>::Clock;
    type Entropy = <::bespoke::preset::Default as bespoke::Config>::Entropy;
    type Threads = <::bespoke::preset::Default as bespoke::Config>::Threads;
    type Topology = <::bespoke::preset::Default as bespoke::Config>::Topology;
    type Watchdog = <::bespoke::preset::Default as bespoke::Config>::Watchdog;
    const NAME: &'static str = "App";
    const LOCAL_QUEUE: usize = <::bespoke::preset::Default as bespoke::Config>::LOCAL_QUEUE;
    const EVENT_INTERVAL: u32 = <::bespoke::preset::Default as bespoke::Config>::EVENT_INTERVAL;
    const POLL_BUDGET: u32 = <::bespoke::preset::Default as bespoke::Config>::POLL_BUDGET;
    const TIMER_SLACK: ::core::time::Duration = <::bespoke::preset::Default as bespoke::Config>::TIMER_SLACK;
    const BLOCKING_THREADS_MAX: usize = <::bespoke::preset::Default as bespoke::Config>::BLOCKING_THREADS_MAX;
    const BLOCKING_QUEUE_MAX: usize = <::bespoke::preset::Default as bespoke::Config>::BLOCKING_QUEUE_MAX;
    const BLOCKING_KEEP_ALIVE: ::core::time::Duration = <::bespoke::preset::Default as bespoke::Config>::BLOCKING_KEEP_ALIVE;
    const SHUTDOWN_TIMEOUT: ::core::time::Duration = <::bespoke::preset::Default as bespoke::Config>::SHUTDOWN_TIMEOUT;
    const WORKERS_EXACT: bool = <::bespoke::preset::Default as bespoke::Config>::WORKERS_EXACT;
    const PIN_WORKERS: bool = <::bespoke::preset::Default as bespoke::Config>::PIN_WORKERS;
    const PANIC: ::bespoke::PanicPolicy = <::bespoke::preset::Default as bespoke::Config>::PANIC;
    #[doc(hidden)]
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: ::bespoke::__private::Sealed = ::bespoke::__private::Sealed::BY_MACRO;
}
const _: () = ::bespoke::__private::check::rest::<App>(&[]);
::bespoke::__ambient! {
    [] App, []
}

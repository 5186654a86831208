#[diagnostic::do_not_recommend]
impl Config for App {
    type Driver = IoUring<1024>;
    const LOCAL_QUEUE: usize = 1024;
    type Scheduler = <preset::Server as Config>::Scheduler;
    type Memory = <preset::Server as Config>::Memory;
    type Clock = <preset::Server as Config>::Clock;
    type Entropy = <preset::Server as Config>::Entropy;
    type Threads = <preset::Server as Config>::Threads;
    type Topology = <preset::Server as Config>::Topology;
    type Watchdog = <preset::Server as Config>::Watchdog;
    const NAME: &'static str = "App";
    const EVENT_INTERVAL: u32 = <preset::Server as Config>::EVENT_INTERVAL;
    const POLL_BUDGET: u32 = <preset::Server as Config>::POLL_BUDGET;
    const TIMER_SLACK: ::core::time::Duration = <preset::Server as Config>::TIMER_SLACK;
    const BLOCKING_THREADS_MAX: usize = <preset::Server as Config>::BLOCKING_THREADS_MAX;
    const BLOCKING_QUEUE_MAX: usize = <preset::Server as Config>::BLOCKING_QUEUE_MAX;
    const BLOCKING_KEEP_ALIVE: ::core::time::Duration = <preset::Server as Config>::BLOCKING_KEEP_ALIVE;
    const SHUTDOWN_TIMEOUT: ::core::time::Duration = <preset::Server as Config>::SHUTDOWN_TIMEOUT;
    const WORKERS_EXACT: bool = <preset::Server as Config>::WORKERS_EXACT;
    const PIN_WORKERS: bool = <preset::Server as Config>::PIN_WORKERS;
    const PANIC: ::bespoke::PanicPolicy = <preset::Server as Config>::PANIC;
    #[doc(hidden)]
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: ::bespoke::__private::Sealed = ::bespoke::__private::Sealed::BY_MACRO;
}
const _: () = ::bespoke::__private::check::item::<App>("Driver");
const _: () = ::bespoke::__private::check::item::<App>("LOCAL_QUEUE");
const _: () = ::bespoke::__private::check::rest::<App>(&["Driver", "LOCAL_QUEUE"]);
::bespoke::__ambient! {
    [] App, []
}
::bespoke::__module! {
    pub app[super::super::App]
}

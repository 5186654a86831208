#[diagnostic::do_not_recommend]
impl Config for Of<Part> {
    const PIN_WORKERS: bool = true;
    type Scheduler = <framework::runtime::preset::Default as Config>::Scheduler;
    type Driver = <framework::runtime::preset::Default as Config>::Driver;
    type Memory = <framework::runtime::preset::Default as Config>::Memory;
    type Clock = <framework::runtime::preset::Default as Config>::Clock;
    type Entropy = <framework::runtime::preset::Default as Config>::Entropy;
    type Threads = <framework::runtime::preset::Default as Config>::Threads;
    type Topology = <framework::runtime::preset::Default as Config>::Topology;
    type Watchdog = <framework::runtime::preset::Default as Config>::Watchdog;
    const NAME: &'static str = "Of<Part>";
    const LOCAL_QUEUE: usize = <framework::runtime::preset::Default as Config>::LOCAL_QUEUE;
    const EVENT_INTERVAL: u32 = <framework::runtime::preset::Default as Config>::EVENT_INTERVAL;
    const POLL_BUDGET: u32 = <framework::runtime::preset::Default as Config>::POLL_BUDGET;
    const TIMER_SLACK: ::core::time::Duration = <framework::runtime::preset::Default as Config>::TIMER_SLACK;
    const BLOCKING_THREADS_MAX: usize = <framework::runtime::preset::Default as Config>::BLOCKING_THREADS_MAX;
    const BLOCKING_QUEUE_MAX: usize = <framework::runtime::preset::Default as Config>::BLOCKING_QUEUE_MAX;
    const BLOCKING_KEEP_ALIVE: ::core::time::Duration = <framework::runtime::preset::Default as Config>::BLOCKING_KEEP_ALIVE;
    const SHUTDOWN_TIMEOUT: ::core::time::Duration = <framework::runtime::preset::Default as Config>::SHUTDOWN_TIMEOUT;
    const WORKERS_EXACT: bool = <framework::runtime::preset::Default as Config>::WORKERS_EXACT;
    const PANIC: framework::runtime::PanicPolicy = <framework::runtime::preset::Default as Config>::PANIC;
    #[doc(hidden)]
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: framework::runtime::__private::Sealed = framework::runtime::__private::Sealed::BY_MACRO;
}
const _: () = framework::runtime::__private::check::item::<Of<Part>>("PIN_WORKERS");
const _: () = framework::runtime::__private::check::rest::<Of<Part>>(&["PIN_WORKERS"]);
framework::runtime::__ambient! {
    [] Of < Part >, []
}
#[doc(hidden)]
type __bespoke_config_of_app = Of<Part>;
framework::runtime::__module! {
    pub (crate) app[super::super::__bespoke_config_of_app]
}

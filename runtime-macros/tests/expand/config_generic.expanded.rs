impl<D: Driver + Under<Local>, const N: usize> Config for Many<D, N>
where
    D: Clone,
{
    type Driver = D;
    const LOCAL_QUEUE: usize = N;
    type Scheduler = <::bespoke::preset::Default as Config>::Scheduler;
    type Memory = <::bespoke::preset::Default as Config>::Memory;
    type Clock = <::bespoke::preset::Default as Config>::Clock;
    type Entropy = <::bespoke::preset::Default as Config>::Entropy;
    type Threads = <::bespoke::preset::Default as Config>::Threads;
    type Topology = <::bespoke::preset::Default as Config>::Topology;
    type Watchdog = <::bespoke::preset::Default as Config>::Watchdog;
    const NAME: &'static str = "Many<D, N>";
    const EVENT_INTERVAL: u32 = <::bespoke::preset::Default as Config>::EVENT_INTERVAL;
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
::bespoke::__ambient! {
    [D : Driver + Under < Local >, const N : usize] Many < D, N >, [D : Clone,]
}

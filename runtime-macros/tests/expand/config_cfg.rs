#[bespoke::config]
#[cfg(unix)]
impl Config for App {
    #[cfg(sim)]
    type Clock = Manual;
    #[cfg(a)]
    #[cfg(b)]
    const POLL_BUDGET: u32 = 1;
    #[cfg(not(a))]
    const POLL_BUDGET: u32 = 2;
}

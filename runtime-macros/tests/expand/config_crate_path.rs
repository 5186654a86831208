#[framework::runtime::config(crate = framework::runtime, module = pub(crate) app)]
impl Config for Of<Part> {
    const PIN_WORKERS: bool = true;
}

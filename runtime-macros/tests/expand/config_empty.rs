#[bespoke::config]
impl bespoke::Config for App {}

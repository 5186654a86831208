#[bespoke::config(bse = preset::Server, module = app, module = other)]
impl Config for App {}

#[bespoke::config]
struct App;

//~ SAYS `module = …` is for programs with the facade; here the functions are those of the config: `App::spawn`
//~ CORE
struct App;

#[bespoke::config(crate = bespoke_core::embedded, base = bespoke::preset::Default, module = app)]
impl bespoke::Config for App {}

fn main() {}

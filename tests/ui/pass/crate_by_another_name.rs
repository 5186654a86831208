//~ EXTERN rt
#![deny(warnings)]

mod framework {
    pub(crate) use ::rt as engine;
}

use framework::engine::{Config, driver};

struct App;

#[framework::engine::config(base = framework::engine::preset::Paused, module = app, crate = crate::framework::engine)]
impl Config for App {
    type Driver = driver::Mio;
}

#[framework::engine::main(App, crate = crate::framework::engine)]
async fn main() {
    app::spawn(async {}).await.unwrap();
}

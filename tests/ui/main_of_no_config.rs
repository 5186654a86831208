//~ UNDER App: `App` is not a runtime configuration
struct App;

#[bespoke::main(App)]
async fn main() {}

//~ SAYS captures lifetime that does not appear in bounds
struct View<'a>(&'a u8);

async fn pause() {}

#[bespoke::async_fn]
async fn f(a: View, b: View) -> u8 {
    let both = [a.0, b.0];
    let r = &both;
    pause().await;
    *r[0]
}

fn main() {}

//~ UNDER &u8: what this borrows from cannot be seen: name the lifetime, here and in the argument, as `<'a>(…: &'a T) -> &'a T`
struct View<'a>(&'a u8);

#[bespoke::async_fn]
async fn f(view: View) -> &u8 {
    view.0
}

fn main() {}

//~ SAYS `p` does not live long enough
//~ SAYS `p.0` does not live long enough
// The last use of `p` takes it by value, so it has no place; that it is `Copy`, and still lent, the machine's own borrows tell.
use std::future::ready;

#[derive(Clone, Copy)]
struct Pair(u32, u32);

fn first(pair: Pair) -> u32 {
    pair.0
}

#[bespoke::async_fn]
async fn of_a_reference_in_something() -> u32 {
    let p = Pair(1, 2);
    let r = Some(&p);
    first(p);
    ready(()).await;
    r.map_or(0, |p| p.1)
}

struct Late<'a>(Option<&'a u32>);

impl Drop for Late<'_> {
    fn drop(&mut self) {
        println!("{:?}", self.0);
    }
}

#[bespoke::async_fn]
async fn in_bytes_that_are_shared() {
    {
        let a = String::from("a");
        ready(()).await;
        drop(a);
    }
    {
        let mut late = Late(None);
        let p = Pair(1, 2);
        late.0 = Some(&p.0);
        first(p);
        ready(()).await;
        drop(late);
    }
}

fn main() {}

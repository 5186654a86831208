//! Generic parameters, lifetimes, `impl Trait`: what a signature may hold.

use core::fmt::Debug;
use core::sync::atomic::AtomicPtr;
use std::sync::Mutex;

use crate::harness::both;

struct View<'a> {
    of: &'a D,
    n: usize,
}

trait Named {
    type Name: Debug + Clone;
    fn name(&self) -> Self::Name;
}

impl Named for D {
    type Name = usize;
    fn name(&self) -> usize {
        self.touch()
    }
}

impl<T: Named> Named for &T {
    type Name = T::Name;
    fn name(&self) -> T::Name {
        (**self).name()
    }
}

/// A value that nobody drops, so that it can be borrowed by futures that know nothing of where it lies.
fn keep<T>(value: T) -> &'static mut T {
    // Miri asks where everything is that was not freed.
    static KEPT: Mutex<Vec<AtomicPtr<()>>> = Mutex::new(Vec::new());
    let at = Box::into_raw(Box::new(value));
    KEPT.lock().expect("nobody panics with it").push(AtomicPtr::new(at.cast()));
    // SAFETY: it is never freed, and nobody else uses it.
    unsafe { &mut *at }
}

fn leaked(name: &'static str) -> &'static D {
    leaked_mut(name)
}

fn leaked_mut(name: &'static str) -> &'static mut D {
    step(format!("borrow {name}"));
    keep(D(name))
}

both! {
    async fn type_parameter[T: Debug](t: T) -> String {
        let text = format!("{t:?}");
        wait("w", 1, ()).await;
        text + &format!("{t:?}")
    } with (d("t"))
    async fn borrowed_type_parameter[T: Debug](t: T) -> String {
        let r = &t;
        wait("w", 1, ()).await;
        format!("{r:?}")
    } with (d("t"))
    async fn where_clause[T, U](t: T, u: U) -> (T::Name, U) where [T: Named, U: Clone] {
        let name = t.name();
        wait("w", 1, ()).await;
        let copy = u.clone();
        drop(t);
        wait("v", 1, ()).await;
        (name, copy)
    } with (d("t"), 5u8)
    async fn constant_parameter[const N: usize](xs: [D; N]) -> usize {
        let mut sum = 0;
        for x in xs {
            wait("w", 1, ()).await;
            sum += x.touch() + N;
        }
        sum
    } with ([d("a"), d("b")])
    async fn named_lifetime['a](x: &'a D) -> &'a D {
        x.touch();
        wait("w", 1, ()).await;
        x
    } with (leaked("x"))
    async fn elided_output(x: &D) -> &D {
        x.touch();
        wait("w", 1, ()).await;
        x
    } with (leaked("x"))
    async fn two_lifetimes['a, 'b: 'a](x: &'a D, y: &'b D, first: bool) -> &'a D {
        let both = (x, y);
        let r = &both;
        wait("w", 1, ()).await;
        if first { r.0 } else { r.1 }
    } with (leaked("x"), leaked("y"), false)
    async fn nested_elided_lifetimes(view: View<'_>, other: Option<&D>) -> usize {
        let r = &view;
        wait("w", 1, ()).await;
        r.of.touch() + r.n + other.map_or(0, D::touch)
    } with (View { of: leaked("x"), n: 3 }, Some(leaked("y")))
    async fn many_references(a: &D, b: &mut D, c: &D) -> usize {
        let l = [a, c];
        let r = &l;
        wait("w", 1, ()).await;
        b.touch_mut();
        wait("v", 1, ()).await;
        r[0].touch() + r[1].touch() + b.touch()
    } with (leaked("a"), leaked_mut("b"), leaked("c"))
    async fn reference_to_a_parameter[T: Named](t: &T, u: &mut Vec<T>, v: T) -> Vec<T::Name> {
        u.push(v);
        let mut names = vec![t.name()];
        wait("w", 1, ()).await;
        for x in u.iter() {
            let name = x.name();
            wait("v", 1, ()).await;
            names.push(name);
        }
        names
    } with (keep(leaked("t")), keep(vec![]), leaked("v"))
    async fn impl_trait(x: impl Named, y: &impl Debug, z: Option<impl FnOnce(&D) -> usize>) -> usize {
        let r = &x;
        wait("w", 1, ()).await;
        let name = r.name();
        let text = format!("{y:?}{name:?}");
        wait("v", 1, ()).await;
        let d = d("inner");
        match { z } {
            Some(f) => { wait("u", 1, ()).await; let n = { f }(&d); n + text.len() }
            None => 0,
        }
    } with (d("x"), leaked("y"), Some(|d: &D| d.touch()))
    async fn parameter_and_lifetimes['a, 'b, T](x: &'a T, y: &'b T, z: T) -> (&'b T, T) where [T: Debug + 'b] {
        let list = [x, y];
        let r = &list;
        wait("w", 1, ()).await;
        step(format!("{r:?}"));
        (y, z)
    } with (leaked("x"), leaked("y"), d("z"))
    async fn trait_object(x: &dyn Debug, y: Box<dyn FnMut(&D) -> usize + '_>) -> usize {
        let mut y = y;
        wait("w", 1, ()).await;
        let d = d("d");
        step(format!("{x:?}"));
        wait("v", 1, ()).await;
        y(&d)
    } with (leaked("x"), Box::new(|d: &D| d.touch()))
    async fn async_closure[F: AsyncFn(&D) -> usize](f: F) -> usize {
        let x = d("x");
        let n = f(&x).await;
        wait("v", 1, ()).await;
        n + x.touch()
    } with (async |d: &D| { wait("w", 1, ()).await; d.touch() })
    async fn function_pointer(f: fn(&D) -> &D, x: &D) -> usize {
        wait("w", 1, ()).await;
        f(x).touch()
    } with (|d| d, leaked("x"))
}

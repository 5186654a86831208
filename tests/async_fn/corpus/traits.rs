//! Traits that are declared under the attribute: several lifetimes, type parameters, provided methods.

use core::fmt::Debug;
use core::pin::Pin;

use crate::harness::{D, d, step, wait};

/// The same items through both compilers, each of which is a trait or an `impl`; then the functions over them, as in `both!`.
macro_rules! both_traits {
    ({ $($plain:item)* } { $( [ $($item:tt)* ] )* } { $($name:ident: $call:expr;)* }) => {
        mod ours {
            #[allow(unused_imports, reason = "as in `theirs`")]
            use super::*;
            $($plain)*
            $( #[bespoke::async_fn] $($item)* )*
            $( pub(super) async fn $name() -> String { format!("{:?}", $call.await) } )*
        }
        mod theirs {
            #[allow(unused_imports, reason = "as in `ours`")]
            use super::*;
            $($plain)*
            $( $($item)* )*
            $( pub(super) async fn $name() -> String { format!("{:?}", $call.await) } )*
        }
        $(
            #[test]
            fn $name() {
                let ways = crate::harness::compare(stringify!($name), ours::$name, theirs::$name);
                assert!(ways > 2, "{ways}");
            }
        )*
    };
}

both_traits! {
    {
        #[derive(Debug)]
        pub(super) struct Shelf {
            pub(super) a: D,
            pub(super) b: D,
        }

        pub(super) fn shelf() -> Shelf {
            Shelf { a: d("a"), b: d("b") }
        }

        #[derive(Debug)]
        pub(super) struct View<'x, T> {
            of: &'x T,
            own: T,
        }

        pub(super) struct Job<T>(T);

        pub(super) struct Each<I>(I);

        /// Knows nothing of who implements the trait.
        async fn use_it<S: Store>(store: &mut S, key: &str, make: impl Fn(&'static str) -> S::Value) -> usize {
            let found = store.get(key).await.map_or(0, |found| format!("{found:?}").len());
            let put = store.put(key, make("put")).await;
            let other = store.get_or("none", make("other"), |x| format!("{x:?}").len() == 3).await;
            let sum = store.sum(&["a", key, "none"]).await;
            wait("used", 1, ()).await;
            step(format!("{other:?}"));
            found + sum + usize::from(put.is_some())
        }

        fn sends<F: Future + Send>(future: F) -> F {
            future
        }

        async fn send_it<S: Sending + Sync>(sending: &S) -> usize {
            let key = String::from("key");
            let n = sends(sending.sent(&key)).await;
            n + sends(sending.sent_alone()).await
        }

        async fn measure<T: ?Sized + Measured>(of: &T, by: &D) -> usize {
            of.measure(by).await + of.twice(by, &1).await
        }
    }
    {
        [pub(super) trait Store {
            type Value: Debug;
            const NAME: &'static str = "store";

            async fn get(&self, key: &str) -> Option<Self::Value>;
            async fn put(&mut self, key: &str, value: Self::Value) -> Option<Self::Value>;
            async fn longer<'k>(&self, x: &'k D, y: &'k D, z: &D) -> &'k D;
            async fn named<'s, 'k: 's>(&'s self, x: &'k D, _: &u8) -> (&'s Self, &'k D);
            async fn show<K: Debug + ?Sized>(&self, key: &K, by: impl Fn(&Self::Value) -> usize) -> usize where K: Debug;
            async fn pinned(self: Pin<&mut Self>, by: &D) -> usize;
            async fn of_another(x: &D, y: &D) -> usize;
            async fn consume(self, x: &D, y: &D) -> usize where Self: Sized;

            async fn one(&self) -> usize {
                let name = Self::NAME;
                wait("one", 1, ()).await;
                name.len()
            }

            async fn get_or(&self, key: &str, other: Self::Value, wanted: impl Fn(&Self::Value) -> bool) -> Self::Value {
                let found = self.get(key).await;
                match { found } {
                    Some(found) if wanted(&found) => found,
                    left => {
                        step(format!("not wanted: {left:?}"));
                        wait("other", 1, ()).await;
                        other
                    }
                }
            }

            async fn sum(&self, keys: &[&str]) -> usize {
                let mut n = self.one().await;
                for key in keys {
                    let found = self.get(key).await;
                    let r = &found;
                    wait("sum", 1, ()).await;
                    n += usize::from(r.is_some());
                }
                n
            }

            fn plain(&self) -> usize {
                3
            }
        }]

        [impl Store for Shelf {
            type Value = D;

            async fn get(&self, key: &str) -> Option<D> {
                let both = [&self.a, &self.b];
                let r = &both;
                wait("get", 1, ()).await;
                match key {
                    "a" => Some(d(r[0].0)),
                    "b" => Some(d(r[1].0)),
                    _ => None,
                }
            }

            async fn put(&mut self, key: &str, value: Self::Value) -> Option<Self::Value> {
                let place = if key == "a" { &mut self.a } else { &mut self.b };
                wait("put", 1, ()).await;
                let old = core::mem::replace(place, value);
                wait("put again", 1, old.touch()).await;
                Some(old)
            }

            async fn longer<'k>(&self, x: &'k D, y: &'k D, z: &D) -> &'k D {
                let all = [x, y, z, &self.a];
                let r = &all;
                wait("longer", 1, ()).await;
                step(format!("{r:?}"));
                if x.0.len() > y.0.len() { x } else { y }
            }

            async fn named<'s, 'k: 's>(&'s self, x: &'k D, n: &u8) -> (&'s Self, &'k D) {
                let r = &x;
                wait("named", 1, n).await;
                r.touch();
                (self, x)
            }

            async fn show<K: Debug + ?Sized>(&self, key: &K, by: impl Fn(&D) -> usize) -> usize where K: Debug {
                let text = format!("{key:?}");
                wait("show", 1, ()).await;
                by(&self.a) + text.len()
            }

            async fn pinned(self: Pin<&mut Self>, by: &D) -> usize {
                let this = { self }.get_mut();
                wait("pinned", 1, ()).await;
                this.a = d("new");
                this.b.touch() + by.touch()
            }

            async fn of_another(x: &D, y: &D) -> usize {
                let r = (x, y);
                let r = &r;
                wait("another", 1, ()).await;
                r.0.touch() + r.1.touch()
            }

            async fn consume(self, x: &D, y: &D) -> usize {
                let r = (&self, x);
                wait("consume", 1, ()).await;
                r.0.a.touch() + r.1.touch() + y.touch()
            }

            async fn one(&self) -> usize {
                let n = self.a.touch();
                wait("own one", 1, ()).await;
                n + self.plain()
            }
        }]

        // Other names, and lifetimes that are left out where the declaration names them.
        [impl<'x, T: Debug + Clone> Store for View<'x, T> {
            type Value = T;

            async fn get<'other>(&'other self, key: &str) -> Option<T> {
                let own = self.own.clone();
                let r = (&own, self.of);
                wait("view", 1, ()).await;
                step(format!("{r:?}"));
                (key == "a").then_some(own)
            }

            async fn put(&mut self, _key: &str, value: T) -> Option<T> {
                wait("put", 1, ()).await;
                Some(core::mem::replace(&mut self.own, value))
            }

            async fn longer<'k>(&self, x: &'k D, _y: &'k D, z: &D) -> &'k D {
                let r = &self.own;
                wait("longer", 1, ()).await;
                step(format!("{r:?}{z:?}"));
                x
            }

            async fn named<'a, 'b: 'a>(&'a self, x: &'b D, _n: &u8) -> (&'a Self, &'b D) {
                wait("named", 1, ()).await;
                (self, x)
            }

            async fn show<K: Debug + ?Sized>(&self, key: &K, by: impl Fn(&T) -> usize) -> usize {
                let r = &self.own;
                wait("show", 1, ()).await;
                step(format!("{key:?}"));
                by(r)
            }

            async fn pinned(self: Pin<&mut Self>, by: &D) -> usize {
                wait("pinned", 1, ()).await;
                by.touch()
            }

            async fn of_another(x: &D, _y: &D) -> usize {
                wait("another", 1, ()).await;
                x.touch()
            }

            async fn consume(self, x: &D, y: &D) -> usize {
                let r = &self.own;
                wait("consume", 1, ()).await;
                step(format!("{r:?}"));
                x.touch() + y.touch()
            }
        }]

        [trait Cache<'c, K, V = u8> {
            async fn find(&self, key: &K, other: &'c V) -> Option<usize>;
            async fn keep(&mut self, key: K, value: &V) -> usize;
        }]

        [impl<'c, 'x, T: Debug, U: Debug> Cache<'c, Vec<U>, D> for View<'x, T> {
            async fn find(&self, key: &Vec<U>, other: &'c D) -> Option<usize> {
                let r = (&self.own, key, other);
                let r = &r;
                wait("find", 1, ()).await;
                step(format!("{r:?}"));
                Some(other.touch())
            }

            async fn keep(&mut self, key: Vec<U>, value: &D) -> usize {
                let r = &key;
                wait("keep", 1, ()).await;
                step(format!("{r:?}"));
                value.touch()
            }
        }]

        [trait Sending {
            fn sent(&self, key: &str) -> impl Future<Output = usize> + Send;
            fn sent_alone(&self) -> impl Future<Output = usize> + Send;
        }]

        [impl Sending for Shelf {
            async fn sent(&self, key: &str) -> usize {
                let r = (&self.a, key);
                let r = &r;
                wait("sent", 1, ()).await;
                r.0.touch() + r.1.len()
            }

            async fn sent_alone(&self) -> usize {
                wait("alone", 1, ()).await;
                self.b.touch()
            }
        }]

        // Of a type without a size, and of one that holds what nobody knows.
        [trait Measured {
            async fn measure(&self, by: &D) -> usize;

            async fn twice(&self, by: &D, times: &usize) -> usize {
                let first = self.measure(by).await;
                let r = &first;
                wait("twice", 1, ()).await;
                *r + self.measure(by).await + times
            }
        }]

        [impl Measured for str {
            async fn measure(&self, by: &D) -> usize {
                wait("str", 1, ()).await;
                self.len() + by.touch()
            }
        }]

        [impl<T: Measured + ?Sized> Measured for Box<T> {
            async fn measure(&self, by: &D) -> usize {
                let r = &**self;
                step("box");
                r.measure(by).await
            }
        }]

        // With a parameter that is in no type of the header.
        [trait Drain {
            async fn drain(&mut self, by: &D) -> usize;
        }]

        [impl<T: Debug, I: Iterator<Item = T>> Drain for Each<I> {
            async fn drain(&mut self, by: &D) -> usize {
                let mut n = 0;
                while let Some(x) = self.0.next() {
                    wait("drain", 1, ()).await;
                    step(format!("{x:?}"));
                    n += by.touch();
                }
                n
            }
        }]

        // By value, of a type with a parameter: `Self` outlives a lifetime that both name.
        [trait Close {
            async fn close<'a>(self) -> usize where Self: 'a;
            async fn close_with<'a>(self, by: &'a D) -> usize where Self: 'a;
        }]

        [impl<T: Debug> Close for Job<T> {
            async fn close<'a>(self) -> usize where Self: 'a {
                let r = &self.0;
                wait("close", 1, ()).await;
                format!("{r:?}").len()
            }

            async fn close_with<'a>(self, by: &'a D) -> usize where Self: 'a {
                let r = (&self.0, by);
                wait("close", 1, ()).await;
                step(format!("{r:?}"));
                by.touch()
            }
        }]
    }
    {
        generically: async { use_it(&mut shelf(), "a", d).await };
        generically_of_a_view: async {
            let (of, own) = (d("of"), d("own"));
            use_it(&mut View { of: &&of, own: &own }, "b", |_| &own).await
        };
        of_a_view: async {
            let (of, x) = (7, d("x"));
            let mut view = View { of: &of, own: 8 };
            let put = view.put("a", 9).await;
            let got = view.get_or("a", 1, |n| *n == 9).await;
            let name = view.longer(&x, &x, &d("z")).await.touch();
            let n = view.named(&x, &1).await.1.touch();
            let shown = view.show("key", |n| *n).await;
            let pinned = Pin::new(&mut view).pinned(&x).await;
            (put, got, name, n, shown, pinned, view.consume(&x, &x).await)
        };
        output_that_borrows: async {
            let (x, y, z) = (d("x"), d("long"), d("z"));
            let s = shelf();
            let longer = s.longer(&x, &y, &z).await;
            drop(s);
            longer.touch()
        };
        named_lifetimes: async { let s = shelf(); let x = d("x"); s.named(&x, &1).await.1.touch() };
        type_parameters: async { let s = shelf(); s.show("key", |x| x.touch()).await };
        pinned: async { let x = d("x"); Pin::new(&mut shelf()).pinned(&x).await };
        without_self: async { let (x, y) = (d("x"), d("y")); Shelf::of_another(&x, &y).await + View::<u8>::of_another(&x, &y).await };
        by_value: async { let (x, y) = (d("x"), d("y")); shelf().consume(&x, &y).await };
        overridden: async { shelf().one().await };
        provided: async { let of = 1; View { of: &of, own: 2 }.one().await };
        generic_trait: async {
            let (of, other) = (1, d("other"));
            let mut view = View { of: &of, own: 2 };
            let n = view.find(&vec![3], &other).await;
            (n, view.keep(vec![4], &other).await)
        };
        that_is_send: async { send_it(&shelf()).await };
        of_a_type_without_a_size: async { let x = d("x"); measure("text", &x).await };
        of_a_box: async { let x = d("x"); measure(&Box::<str>::from("boxed"), &x).await };
        drained: async { let x = d("x"); Each([1, 2].into_iter()).drain(&x).await };
        closed: async { let x = d("x"); Job(d("job")).close().await + Job(&x).close().await };
        closed_with: async { let (x, y) = (d("x"), d("y")); Job(&y).close_with(&x).await };
    }
}

/// An `impl` that rustc makes says what the declaration is made to say.
#[bespoke::async_fn]
trait Look {
    async fn look(&self, key: &str) -> usize;
    #[bespoke::async_fn(rustc)]
    async fn theirs(&self, key: &str) -> usize;
}

struct Mock;

impl Look for Mock {
    fn look<'short, 'a, 'b>(&'a self, key: &'b str) -> impl Future<Output = usize>
    where
        'a: 'short,
        'b: 'short,
        Self: 'short,
    {
        async move {
            wait("w", 1, ()).await;
            key.len()
        }
    }

    async fn theirs(&self, key: &str) -> usize {
        wait("w", 1, key.len()).await
    }
}

#[test]
fn an_impl_may_stay_with_rustc() {
    let ours = || async { Mock.look("key").await + Mock.theirs("key").await };
    let theirs = || async {
        wait("w", 1, ()).await;
        3 + wait("w", 1, 3).await
    };
    assert!(crate::harness::compare("an impl of rustc's", ours, theirs) > 2);
}

/// A method is a machine where its size says so: an argument that is used after an `.await` is stored once.
#[bespoke::async_fn]
trait Sized1024 {
    async fn declared(&self, key: &str, bytes: [u8; 1024]) -> u8;

    async fn provided(&self, key: &str, bytes: [u8; 1024]) -> u8 {
        wait("w", 1, key.len()).await;
        bytes[1]
    }
}

#[bespoke::async_fn]
impl Sized1024 for Mock {
    async fn declared(&self, key: &str, bytes: [u8; 1024]) -> u8 {
        wait("w", 1, key.len()).await;
        bytes[1]
    }
}

#[test]
fn methods_of_traits_are_machines() {
    for size in [size_of_val(&Mock.declared("a", [0; 1024])), size_of_val(&Mock.provided("a", [0; 1024]))] {
        assert!((1024..1200).contains(&size), "{size}");
    }
}

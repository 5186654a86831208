//~ UNDER app: `module = …` makes the names of one config, and this one has generic parameters
use bespoke::Config;
use bespoke::clock::Clock;
use std::marker::PhantomData;

struct Many<K>(PhantomData<K>);

#[bespoke::config(module = app)]
impl<K: Clock> Config for Many<K> {
    type Clock = K;
}

fn main() {}

#[bespoke::config]
impl<D: Driver + Under<Local>, const N: usize> Config for Many<D, N>
where
    D: Clone,
{
    type Driver = D;
    const LOCAL_QUEUE: usize = N;
}

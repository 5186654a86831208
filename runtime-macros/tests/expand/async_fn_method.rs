#[bespoke::async_fn]
impl<'x, T: Debug> View<'x, T> {
    async fn first(&mut self, other: &T, mut by: usize) -> &T {
        by += self.step;
        pause().await;
        self.at(by)
    }

    fn step(&self) -> usize {
        self.step
    }
}

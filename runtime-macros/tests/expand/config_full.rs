#[bespoke::config(base = preset::Server, module = pub app)]
impl Config for App {
    type Driver = IoUring<1024>;
    const LOCAL_QUEUE: usize = 1024;
}

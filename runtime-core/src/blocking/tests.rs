#[cfg(all(loom, not(shuttle)))]
mod loom;
#[cfg(not(loom))]
mod pool;
#[cfg(not(loom))]
mod runtime;

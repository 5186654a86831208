//! The store alone; with tasks in it, `runtime/tests/tasks_in_places.rs`.

#[cfg(all(loom, not(shuttle)))]
mod loom;
#[cfg(not(loom))]
mod real;

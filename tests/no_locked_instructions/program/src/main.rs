//! The program whose machine code `tests/no_locked_instructions.rs` reads: the local path, in one marked function.
//!
//! It runs, too: what it prints shows that the path was taken to its end.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod local_loop;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn main() -> std::io::Result<()> {
    let rounds = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100);
    let runtime = bespoke::Runtime::<local_loop::Walk>::new()?;
    let mut leases = local_loop::leases(&runtime, rounds)?;
    println!("{}", local_loop::bespoke_marked_local_loop(&runtime, rounds, &mut leases));
    Ok(())
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn main() {}

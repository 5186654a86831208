//! The functions that both compilers get.
#![allow(clippy::all, clippy::std_instead_of_core, reason = "odd programs on purpose: each is there for one rule")]

mod attacks;
mod branches;
mod lent;
mod loops;
mod methods;
mod nested;
mod operands;
mod signatures;
mod straight;
mod traits;

//! The functions that both compilers get.
#![allow(unreachable_code, unreachable_patterns, unused_variables, reason = "some wait for what never comes")]
#![allow(clippy::all, clippy::std_instead_of_core, reason = "odd programs on purpose: each is there for one rule")]

mod attacks;
mod branches;
mod lent;
mod loops;
mod methods;
mod nested;
mod operands;
mod select;
mod several;
mod signatures;
mod straight;
mod traits;

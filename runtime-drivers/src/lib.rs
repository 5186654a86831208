//! Placeholder replaced in the next commits.

#[cfg(unix)]
#[cfg_attr(not(test), allow(dead_code, unused_imports, reason = "the ops and drivers that call it land after it"))]
mod sys;

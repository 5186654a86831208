//! Benches only: one file a question, beside this one. `cargo parts` runs all, `cargo parts --bench echo` one.
//!
//! | file | question |
//! |---|---|
//! | `spawn` | what does a task cost that does nothing? |
//! | `yields` | what does it cost to let others run? |
//! | `wake` | what does it cost that one task wakes another, on one thread and across two? |
//! | `timer` | what does a timer cost? |
//! | `echo` | how long does a request take over the loopback? |
//! | `futures` | how big are the futures, and what does each layer over a ready one cost? |
//! | `assembly/` | what does a choice in `Config` cost in machine code? No times: its code stands beside the committed one |
//!
//! Each checks its own result, so a bench that measures nothing fails. Beside them stand `calibrate.rs` and `instructions/`,
//! which belong to the facade because checks run them, and `peers/`, a package of its own.

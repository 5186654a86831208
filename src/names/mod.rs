//! The names that a config's attribute makes: functions of the config itself, and the config's module.
//!
//! | file | holds |
//! |---|---|
//! | `ambient` | `__ambient!`: the functions of the config |
//! | `module` | `__module!`: the config's module |
//! | `stdio` | `__stdio!`: the standard streams, in the module of the config |
//! | `tools` | `__sync!`, `__channel!`: what that module has of the tools between tasks |

mod ambient;
mod module;
mod stdio;
mod tools;

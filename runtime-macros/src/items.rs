//! What the trait `Config` contains. The only list of it in this crate.
//!
//! # Invariants
//! 1. The list equals the trait's items, in the trait's order; the crates are released together at one exact version
//!    because of it. An item that is missing here is not forwarded from the base; one too many is an error in every
//!    user's crate.
//! 2. Types come before consts, since consts of the trait speak of its types.

/// One item of `Config`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// As written in the trait.
    pub(crate) name: &'static str,
    /// What to write where the user wrote nothing.
    pub(crate) kind: Kind,
}

/// How a missing item is made up.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Kind {
    /// A type, taken from the base.
    Type,
    /// A const of this type, taken from the base. The trait has defaults for consts too, but the base's value counts.
    Const(Value),
    /// The name of the config, which is its own and never the base's.
    Name,
}

/// The type of a const.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Value {
    Usize,
    U32,
    Bool,
    Duration,
    PanicPolicy,
}

/// Every item of `Config` that a user may write (inv. 1).
pub(crate) const ITEMS: &[Item] = &[
    Item { name: "Scheduler", kind: Kind::Type },
    Item { name: "Driver", kind: Kind::Type },
    Item { name: "Memory", kind: Kind::Type },
    Item { name: "Clock", kind: Kind::Type },
    Item { name: "Entropy", kind: Kind::Type },
    Item { name: "Threads", kind: Kind::Type },
    Item { name: "Topology", kind: Kind::Type },
    Item { name: "Watchdog", kind: Kind::Type },
    Item { name: "NAME", kind: Kind::Name },
    Item { name: "LOCAL_QUEUE", kind: Kind::Const(Value::Usize) },
    Item { name: "EVENT_INTERVAL", kind: Kind::Const(Value::U32) },
    Item { name: "POLL_BUDGET", kind: Kind::Const(Value::U32) },
    Item { name: "TIMER_SLACK", kind: Kind::Const(Value::Duration) },
    Item { name: "BLOCKING_THREADS_MAX", kind: Kind::Const(Value::Usize) },
    Item { name: "BLOCKING_QUEUE_MAX", kind: Kind::Const(Value::Usize) },
    Item { name: "BLOCKING_KEEP_ALIVE", kind: Kind::Const(Value::Duration) },
    Item { name: "SHUTDOWN_TIMEOUT", kind: Kind::Const(Value::Duration) },
    Item { name: "WORKERS_EXACT", kind: Kind::Const(Value::Bool) },
    Item { name: "PIN_WORKERS", kind: Kind::Const(Value::Bool) },
    Item { name: "PANIC", kind: Kind::Const(Value::PanicPolicy) },
];

/// The item called `name`, if the trait has one.
pub(crate) fn find(name: &str) -> Option<&'static Item> {
    ITEMS.iter().find(|item| item.name == name)
}

/// What is said of a type that the trait does not have.
pub(crate) fn no_role(name: &str) -> String {
    format!("`Config` has no role `{name}`; its roles are {}", names(|kind| kind == Kind::Type))
}

/// What is said of a const that the trait does not have.
pub(crate) fn no_knob(name: &str) -> String {
    format!("`Config` has no knob `{name}`; its knobs are {}", names(|kind| matches!(kind, Kind::Const(_))))
}

fn names(of: fn(Kind) -> bool) -> String {
    let names: Vec<_> = ITEMS.iter().filter(|item| of(item.kind)).map(|item| format!("`{}`", item.name)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The trait as this crate knows it, written a second time: a change of the list must be meant.
    const EXPECTED: &str = "
        type Scheduler; type Driver; type Memory; type Clock; type Entropy; type Threads; type Topology;
        type Watchdog;
        NAME: own;
        LOCAL_QUEUE: Usize; EVENT_INTERVAL: U32; POLL_BUDGET: U32; TIMER_SLACK: Duration;
        BLOCKING_THREADS_MAX: Usize; BLOCKING_QUEUE_MAX: Usize; BLOCKING_KEEP_ALIVE: Duration;
        SHUTDOWN_TIMEOUT: Duration; WORKERS_EXACT: Bool; PIN_WORKERS: Bool; PANIC: PanicPolicy;
    ";

    #[test]
    fn the_list_is_the_trait() {
        let listed: Vec<String> = ITEMS
            .iter()
            .map(|item| match item.kind {
                Kind::Type => format!("type {}", item.name),
                Kind::Const(value) => format!("{}: {value:?}", item.name),
                Kind::Name => format!("{}: own", item.name),
            })
            .collect();
        let expected: Vec<&str> = EXPECTED.split(';').map(str::trim).filter(|item| !item.is_empty()).collect();
        assert_eq!(listed, expected);
    }

    #[test]
    fn names_are_unique_and_found() {
        for item in ITEMS {
            assert_eq!(ITEMS.iter().filter(|other| other.name == item.name).count(), 1, "{}", item.name);
            assert_eq!(find(item.name), Some(item));
        }
        assert_eq!(find("Drivr"), None);
    }

    #[test]
    fn types_come_first() {
        let first_const = ITEMS.iter().position(|item| item.kind != Kind::Type).unwrap();
        assert!(ITEMS[first_const..].iter().all(|item| item.kind != Kind::Type));
    }
}

//! The kernel's notation for sets of processors: `0-3,8,10-11`.
//!
//! Source: `Documentation/admin-guide/cputopology.rst` of Linux, and the "List format" of cpuset(7).

use std::vec::Vec;

/// The largest number that is believed. Linux counts to 8192 at most on the largest machines; a list with a number that is
/// far beyond is broken, and believing it would take the memory for it.
pub(super) const NUMBER_MAX: u32 = 65_535;

/// The numbers of a list, ascending, each once; `None` if it is not one. An empty list is a list: a node without
/// processors has it.
pub(super) fn parse(text: &str) -> Option<Vec<u32>> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Some(Vec::new());
    }
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return None;
        }
        numbers.extend(first..=last);
    }
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

/// A number of the kernel's: digits, at most [`NUMBER_MAX`].
pub(super) fn number(text: &str) -> Option<u32> {
    let text = text.trim_ascii();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| *number <= NUMBER_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn lists_of_the_kernel() {
        assert_eq!(parse("0\n"), Some(vec![0]));
        assert_eq!(parse("0-3,8,10-11\n"), Some(vec![0, 1, 2, 3, 8, 10, 11]));
        assert_eq!(parse(" \t5,1-2,2"), Some(vec![1, 2, 5]));
        assert_eq!(parse("\n"), Some(vec![]));
    }

    #[test]
    fn what_is_not_a_list() {
        for text in
            ["a", "1,,2", "3-1", "-1", "1-", "0-4294967295", "65536", "99999999999999999999", "1 2", "+1", "0x1"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}

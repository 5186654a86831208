//! Which bucket a deadline belongs to: arithmetic without state.

/// Bits of a deadline that one level resolves.
///
/// 6 makes the occupancy of a level one word, and an entry due in a second moves at most five times. With 4 or 5 bits
/// the table is smaller and the moves are more.
pub(super) const BITS: u32 = 6;
pub(super) const SLOTS: usize = 1 << BITS;
pub(super) const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;
/// The top level has only the bits that are left.
pub(super) const BUCKETS: usize = (LEVELS - 1) * SLOTS + (1 << (u64::BITS - (LEVELS as u32 - 1) * BITS));

/// Behind the levels: deadlines that were past when they were inserted.
pub(super) const OVERDUE: usize = BUCKETS;
/// Behind the levels: `u64::MAX`.
pub(super) const NEVER: usize = BUCKETS + 1;
/// How many lists there are.
pub(super) const LISTS: usize = BUCKETS + 2;

/// The list of `deadline` in a wheel that stands at `elapsed`.
#[inline]
pub(super) const fn list_of(elapsed: u64, deadline: u64) -> usize {
    if deadline < elapsed {
        return OVERDUE;
    }
    if deadline == u64::MAX {
        return NEVER;
    }
    let level = level_of(elapsed, deadline);
    level * SLOTS + digit(deadline, level)
}

/// The level of the highest digit in which the two differ; 0 when they are equal.
#[inline]
const fn level_of(elapsed: u64, deadline: u64) -> usize {
    (((elapsed ^ deadline) | 1).ilog2() / BITS) as usize
}

/// The first tick of the given list, one of a level, in a wheel that stands at `elapsed`.
#[inline]
pub(super) const fn start_of(elapsed: u64, list: usize) -> u64 {
    let shift = (list / SLOTS) as u32 * BITS;
    let slot = (list % SLOTS) as u64;
    (((elapsed >> shift) & !(SLOTS as u64 - 1)) | slot) << shift
}

#[inline]
const fn digit(deadline: u64, level: usize) -> usize {
    (deadline >> (level as u32 * BITS)) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_levels() {
        let mut width = 1u64;
        for level in 0..LEVELS {
            for slot in 1..SLOTS as u64 {
                let Some(start) = width.checked_mul(slot) else { break };
                if level == LEVELS - 1 && slot == 16 {
                    break;
                }
                let list = level * SLOTS + slot as usize;
                assert_eq!(list_of(0, start), list);
                assert_eq!(list_of(0, start + (width - 1)), if start + (width - 1) == u64::MAX { NEVER } else { list });
                assert_eq!(start_of(0, list), start);
                assert_ne!(list_of(0, start - 1), list);
            }
            width = width.wrapping_mul(SLOTS as u64);
        }
    }

    #[test]
    fn relative_to_elapsed() {
        let now = 5 * 4096 + 7 * 64 + 9;
        assert_eq!(list_of(now, now), 9);
        assert_eq!(list_of(now, now + 1), 10);
        assert_eq!(list_of(now, now + 64), 64 + 8);
        assert_eq!(list_of(now, now + 4096), 128 + 6);
        assert_eq!(list_of(now, now - 1), OVERDUE);
        assert_eq!(list_of(u64::MAX, u64::MAX), NEVER);
        assert_eq!(start_of(now, 128 + 6), 6 * 4096);
        assert_eq!(start_of(now, 64 + 8), 5 * 4096 + 8 * 64);
        assert_eq!(list_of(0, u64::MAX - 1), BUCKETS - 1);
    }
}

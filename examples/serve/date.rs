//! Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT`, RFC 9110 §5.6.7. The two older forms are read as no date, and a
//! condition with no date is none.

use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Of a year that begins with March, so that a leap day is its last: the days before each month.
const BEFORE: [u64; 12] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];
/// From the first of March of the year 0 to the beginning of 1970.
const DAYS_TO_1970: u64 = 719_468;

/// Seconds since 1970; what lies before is 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What the wall clock says.
pub(crate) fn now() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "an answer says when it was made, by the calendar; no deadline follows it"
    )]
    seconds(SystemTime::now())
}

pub(crate) fn write(seconds: u64) -> String {
    let days = seconds / 86_400;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let from_0 = days + DAYS_TO_1970;
    // The year is the last whose first of March is not behind that day.
    let mut year = from_0 / 365;
    while first_of_march(year) > from_0 {
        year -= 1;
    }
    let day = from_0 - first_of_march(year);
    let month = BEFORE.iter().rposition(|before| *before <= day).unwrap_or(0);
    let (day, name) = (day - BEFORE[month] + 1, MONTHS[(month + 2) % 12]);
    let year = if month >= 10 { year + 1 } else { year };
    let weekday = DAYS[(days % 7) as usize];
    format!("{weekday}, {day:02} {name} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Of a year that begins with March: its first day, from that of the year 0.
fn first_of_march(year: u64) -> u64 {
    365 * year + year / 4 - year / 100 + year / 400
}

/// `None`: not a date in this form.
pub(crate) fn read(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = (MONTHS.iter().position(|month| *month == name)? + 10) % 12;
    let year: u64 = words.next()?.parse().ok()?;
    let mut time = words.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    if words.next() != Some("GMT") || words.next().is_some() || time.next().is_some() {
        return None;
    }
    if !(1..=31).contains(&day) || !(1970..=9999).contains(&year) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let from_march = if month >= 10 { year - 1 } else { year };
    let days = (first_of_march(from_march) + BEFORE[month] + day - 1).checked_sub(DAYS_TO_1970)?;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            assert_eq!(write(seconds), text);
            assert_eq!(read(text), Some(seconds));
        }
        for day in (0..200_000).step_by(7) {
            let seconds = day * 86_400 + day % 86_400;
            assert_eq!(read(&write(seconds)), Some(seconds));
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "now", "Sun, 06 Nov 1994", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 CET"), None);
        assert_eq!(read("Sun, 32 Nov 1994 08:49:37 GMT"), None);
        assert_eq!(read("Sun, 06 Nov 0000 08:49:37 GMT"), None);
    }
}

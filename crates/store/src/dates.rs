//! Moments as text in names of files: `2026-11-28-054206`, in UTC.

const DAY_S: i64 = 24 * 3600;

/// A moment, in milliseconds since the Unix epoch, as text, to the second.
pub(crate) fn to_text(at_ms: i64) -> String {
    let at_s = at_ms.div_euclid(1000);
    let (day, of_day) = (at_s.div_euclid(DAY_S), at_s.rem_euclid(DAY_S));
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}-{:02}{:02}{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// The moment that a text says.
pub(crate) fn from_text(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(13..15)?, number(15..17)?);
    let shape = text.len() == 17 && [4, 7, 10].iter().all(|&at| text.as_bytes()[at] == b'-');
    shape.then_some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000)
}

/// The date of a day since the Unix epoch. Howard Hinnant's `civil_from_days`, in which years begin in March.
fn civil(day: i64) -> (i64, i64, i64) {
    let since = day + 719_468;
    let (era, of_era) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The day since the Unix epoch of a date; its other way round, `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_becomes_text_and_text_a_moment() {
        assert_eq!(to_text(0), "1970-01-01-000000");
        assert_eq!(to_text(951_827_696_789), "2000-02-29-123456");
        for at_ms in (-1_000_000_000_000..5_000_000_000_000).step_by(86_399_000 * 7) {
            assert_eq!(from_text(&to_text(at_ms)), Some(at_ms));
        }
        assert_eq!(from_text("2000-02-29 123456"), None);
    }
}

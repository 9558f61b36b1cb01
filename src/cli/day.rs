//! Days and times on the command line.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::domain::values::period::to_microseconds;

/// A day.
///
/// # Errors
/// How a day is written.
pub fn parse_day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "there is no such day; write one as 2026-12-01".to_owned())
}

/// A clock: RFC 3339, to the microsecond, or a day for its midnight UTC.
///
/// # Errors
/// How a time is written.
pub fn parse_clock(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = parse_day(text) {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text)
        .map(|at| to_microseconds(at.to_utc()))
        .map_err(|_| "there is no such time; write one as 2026-11-20T06:30:00Z, or a day as 2026-12-01".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_day_is_told_how_days_are_written() {
        assert_eq!(parse_day("2026-12-01").unwrap().to_string(), "2026-12-01");
        for wrong in ["tomorrow", "2026-13-01", "1.12.2026", ""] {
            assert!(parse_day(wrong).unwrap_err().ends_with("write one as 2026-12-01"), "{wrong}");
            assert!(parse_clock(wrong).unwrap_err().ends_with("or a day as 2026-12-01"), "{wrong}");
        }
        assert_eq!(parse_clock("2026-12-01").unwrap().to_rfc3339(), "2026-12-01T00:00:00+00:00");
    }
}

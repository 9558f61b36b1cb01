//! Cron lines: config accepts what the scheduler runs, and nothing else.

use chrono::{DateTime, Utc};
use glidepath::config::CronLine;
use proptest::prelude::*;
use tokio_cron_scheduler::Job;

fn accepts(line: &str) -> bool {
    line.parse::<CronLine>().is_ok()
}

fn scheduler_accepts(line: &str) -> bool {
    Job::new_async(line, |_id, _scheduler| Box::pin(async {})).is_ok()
}

#[test]
fn the_scheduler_takes_the_same_lines() {
    let good =
        ["0 30 6 * * *", "0 0 */6 * * *", "0 0 3 1 * *", "0 0 3 * * SUN", "30 15 4 1,15 * MON-FRI", "0 0 0 L * *"];
    for line in good {
        assert!(accepts(line) && scheduler_accepts(line), "{line:?} should be accepted");
    }
    let bad =
        ["", "30 6 * * *", "every morning", "at 6 am", "0 60 6 * * *", "0 0 24 * * *", "0 0 0 32 * *", "0 0 0 * 13 *"];
    for line in bad {
        assert!(!accepts(line) && !scheduler_accepts(line), "{line:?} should be refused");
    }
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        Just("?".to_owned()),
        Just("L".to_owned()),
        Just("MON".to_owned()),
        (0_u32..70).prop_map(|number| number.to_string()),
        (0_u32..70).prop_map(|step| format!("*/{step}")),
        (0_u32..70, 0_u32..70).prop_map(|(first, last)| format!("{first}-{last}")),
        (0_u32..32, 0_u32..32).prop_map(|(one, other)| format!("{one},{other}")),
    ]
}

proptest! {
    #[test]
    fn whatever_the_line(fields in prop::collection::vec(field(), 4..8)) {
        let line = fields.join(" ");
        prop_assert_eq!(accepts(&line), scheduler_accepts(&line), "{:?}", line);
    }
}

#[test]
fn the_next_moment_is_in_utc_and_after_now() {
    let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let line: CronLine = "0 30 6 * * *".parse().unwrap();
    assert_eq!(line.next_after(moment("2026-03-01T06:29:59Z")), Some(moment("2026-03-01T06:30:00Z")));
    assert_eq!(line.next_after(moment("2026-03-01T06:30:00Z")), Some(moment("2026-03-02T06:30:00Z")));
    assert_eq!(line.to_string(), "0 30 6 * * *");
}

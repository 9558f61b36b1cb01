//! What a receiver's answer means: delivered, again later, or never.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use crate::domain::alert::{DeliveryResult, PendingDelivery};

/// The longest pause that a receiver may ask for. Longer than that, and an alert is of no use.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(6);
/// Characters of a receiver's answer that are kept.
const KEPT_OF_ERROR: usize = 300;

/// When to try again, and when to give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Wait after the first failure; doubled after each further one.
    pub first_wait: TimeDelta,
    /// The longest wait.
    pub longest_wait: TimeDelta,
    /// Attempts after which a delivery is given up.
    pub max_attempts: u32,
    /// Up to this many percent are added to each wait, so that what failed together is not tried again together.
    pub jitter_percent: u32,
}

impl Default for RetryPolicy {
    /// 1, 2, 4 ... minutes and up to a quarter more, at most 6 hours apart: 12 attempts over 20 to 26 hours, so that a
    /// channel that is down for a night still hears.
    fn default() -> Self {
        RetryPolicy {
            first_wait: TimeDelta::minutes(1),
            longest_wait: TimeDelta::hours(6),
            max_attempts: 12,
            jitter_percent: 25,
        }
    }
}

impl RetryPolicy {
    /// The wait after the attempt with this number, counted from 1. `dice` is an evenly spread number.
    fn wait_after(&self, attempt: u32, dice: u8) -> TimeDelta {
        let factor = 1i32.checked_shl(attempt.saturating_sub(1)).filter(|factor| *factor > 0).unwrap_or(i32::MAX);
        let wait = self.first_wait.checked_mul(factor).map_or(self.longest_wait, |wait| wait.min(self.longest_wait));
        let most = wait.num_milliseconds() / 100 * i64::from(self.jitter_percent);
        wait + TimeDelta::milliseconds(most / 256 * i64::from(dice))
    }
}

/// One attempt at one delivery.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) delivery: &'a PendingDelivery,
    pub(super) retry: &'a RetryPolicy,
    pub(super) now: DateTime<Utc>,
}

impl Attempt<'_> {
    /// Counted from 1.
    fn number(&self) -> u32 {
        self.delivery.attempts + 1
    }

    /// Chance drawn from what is delivered where and how often: another at each attempt, and the same in every run.
    fn dice(&self) -> u8 {
        let PendingDelivery { event_id, channel, .. } = self.delivery;
        Sha256::digest(format!("{event_id} {channel} {}", self.number()))[0]
    }
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The receiver answered.
    Status {
        /// HTTP status code.
        code: u16,
        /// The Retry-After header.
        retry_after: Option<String>,
        /// The beginning of the body.
        body: String,
    },
    /// No answer: refused, reset, or out of time.
    Unreachable {
        /// What went wrong.
        error: String,
    },
    /// An answer in another language than HTTP's.
    Refused {
        /// Whether it may pass.
        may_pass: bool,
        /// What was said.
        error: String,
    },
    /// It could not even be sent, and never will be.
    Unsendable {
        /// What went wrong.
        error: String,
    },
}

impl Answer {
    pub(super) const DELIVERED: Answer = Answer::Status { code: 200, retry_after: None, body: String::new() };

    /// End of the pause that the receiver asks all senders to make.
    pub(super) fn pause_until(&self, retry: &RetryPolicy, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Answer::Status { code: 429, retry_after, .. } => {
                Some(asked_pause(retry_after.as_deref(), now).unwrap_or(now + retry.first_wait))
            }
            _ => None,
        }
    }
}

/// Turns an answer into what is written back. `redact` masks secrets in others' text.
pub(super) fn judge(answer: &Answer, attempt: &Attempt<'_>, redact: impl Fn(&str) -> String) -> DeliveryResult {
    let Attempt { retry, now, .. } = *attempt;
    let (may_pass, retry_after, error) = match answer {
        Answer::Status { code: 200..=299, .. } => return DeliveryResult::Delivered,
        Answer::Status { code, retry_after, body } => {
            // 408 is a time-out that the receiver noticed before we did. A redirect is refused: the message and its
            // signature are meant for the configured receiver alone.
            let may_pass = matches!(code, 408 | 429 | 500..=599);
            let separator = if body.is_empty() { "" } else { ": " };
            (may_pass, retry_after.as_deref(), format!("HTTP {code}{separator}{body}"))
        }
        Answer::Unreachable { error } => (true, None, error.clone()),
        Answer::Refused { may_pass, error } => (*may_pass, None, error.clone()),
        Answer::Unsendable { error } => (false, None, error.clone()),
    };
    let error = one_line(&redact(&error));
    if !may_pass {
        return DeliveryResult::Dead { error };
    }
    let number = attempt.number();
    if number >= retry.max_attempts {
        return DeliveryResult::Dead { error: format!("given up after {number} attempts; the last: {error}") };
    }
    let backed_off = now + retry.wait_after(number, attempt.dice());
    // Never sooner than asked; and never sooner than our own back-off, or a receiver that always asks for a second
    // would use up all attempts within minutes.
    let next_attempt_at = asked_pause(retry_after, now).map_or(backed_off, |asked| asked.max(backed_off));
    DeliveryResult::Retry { next_attempt_at, error }
}

/// Retry-After in either of its forms: seconds, or an HTTP date.
fn asked_pause(retry_after: Option<&str>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = retry_after?.trim();
    let until = match text.parse::<u32>() {
        Ok(seconds) => now + TimeDelta::seconds(i64::from(seconds)),
        Err(_) => DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc),
    };
    Some(until.clamp(now, now + LONGEST_PAUSE))
}

fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(KEPT_OF_ERROR).collect();
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::position::finding::Severity;

    fn now() -> DateTime<Utc> {
        "2026-03-14T06:00:00Z".parse().unwrap()
    }

    fn status(code: u16, retry_after: Option<&str>) -> Answer {
        Answer::Status { code, retry_after: retry_after.map(str::to_owned), body: "no".into() }
    }

    const STEADY: RetryPolicy = RetryPolicy {
        first_wait: TimeDelta::minutes(1),
        longest_wait: TimeDelta::hours(6),
        max_attempts: 12,
        jitter_percent: 0,
    };

    fn delivery(event_id: &str, attempts: u32) -> PendingDelivery {
        PendingDelivery {
            event_id: event_id.into(),
            channel: "ops".into(),
            key: "exhaustion:total".into(),
            severity: Severity::Critical,
            payload: String::new(),
            files: Vec::new(),
            attempts,
        }
    }

    /// The attempt with this number, counted from 1.
    fn judged_with(answer: &Answer, number: u32, redact: impl Fn(&str) -> String) -> DeliveryResult {
        let delivery = delivery("e", number - 1);
        judge(answer, &Attempt { delivery: &delivery, retry: &STEADY, now: now() }, redact)
    }

    fn judged(answer: &Answer, number: u32) -> DeliveryResult {
        judged_with(answer, number, str::to_owned)
    }

    fn retry_in(answer: &Answer, attempt: u32) -> Option<i64> {
        match judged(answer, attempt) {
            DeliveryResult::Retry { next_attempt_at, .. } => Some((next_attempt_at - now()).num_seconds()),
            _ => None,
        }
    }

    #[test]
    fn only_what_can_succeed_is_retried() {
        for code in [200, 202, 204] {
            assert_eq!(judged(&status(code, None), 1), DeliveryResult::Delivered);
        }
        for code in [301, 302, 307, 400, 401, 403, 404, 410, 413, 422] {
            assert_eq!(judged(&status(code, None), 1), DeliveryResult::Dead { error: format!("HTTP {code}: no") });
        }
        for code in [408, 429, 500, 502, 503, 504] {
            assert_eq!(retry_in(&status(code, None), 1), Some(60), "{code}");
        }
        assert_eq!(retry_in(&Answer::Unreachable { error: "timed out".into() }, 1), Some(60));
        assert!(matches!(judged(&Answer::Unsendable { error: "bad".into() }, 1), DeliveryResult::Dead { .. }));
        for (may_pass, dead) in [(true, false), (false, true)] {
            let judged = judged(&Answer::Refused { may_pass, error: "no".into() }, 1);
            assert_eq!(matches!(judged, DeliveryResult::Dead { .. }), dead, "{judged:?}");
        }
    }

    #[test]
    fn waits_double_up_to_six_hours_and_then_it_is_dead() {
        let waits: Vec<_> = (1..=11).map(|attempt| retry_in(&status(500, None), attempt).unwrap() / 60).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        // 1 + 2 + ... + 256 = 511, and twice 360: 1231 minutes, 20.5 hours.
        assert_eq!(waits.iter().sum::<i64>(), 1231);
        assert_eq!(
            judged(&status(500, None), 12),
            DeliveryResult::Dead { error: "given up after 12 attempts; the last: HTTP 500: no".into() }
        );
        assert_eq!(STEADY.wait_after(u32::MAX, 255), TimeDelta::hours(6));
        assert_eq!(STEADY.wait_after(0, 255), TimeDelta::minutes(1));
    }

    #[test]
    fn what_failed_together_is_tried_again_apart_and_never_sooner() {
        let retry = RetryPolicy::default();
        assert_eq!(RetryPolicy { jitter_percent: 0, ..retry }, STEADY);
        let waits = |number: u32| -> BTreeSet<i64> {
            let wait = |event: u32| {
                let delivery = delivery(&event.to_string(), number - 1);
                let attempt = Attempt { delivery: &delivery, retry: &retry, now: now() };
                retry.wait_after(number, attempt.dice()).num_milliseconds()
            };
            (0..100).map(wait).collect()
        };
        for (number, least) in [(1, 60_000), (3, 240_000), (11, 6 * 3_600_000)] {
            let waits = waits(number);
            assert!(waits.iter().all(|wait| (least..=least * 5 / 4).contains(wait)), "{waits:?}");
            assert!(waits.len() > 50, "{} different waits of 100", waits.len());
        }
    }

    #[test]
    fn retry_after_is_honoured_within_reason() {
        assert_eq!(retry_in(&status(429, Some("90")), 1), Some(90));
        assert_eq!(retry_in(&status(429, Some("30")), 5), Some(16 * 60), "our own back-off is longer");
        assert_eq!(retry_in(&status(503, Some("120")), 1), Some(120));
        assert_eq!(retry_in(&status(429, Some("Sat, 14 Mar 2026 06:10:00 GMT")), 1), Some(600));
        assert_eq!(retry_in(&status(429, Some("Sat, 14 Mar 2026 05:00:00 GMT")), 1), Some(60));
        assert_eq!(retry_in(&status(429, Some("999999")), 1), Some(6 * 3600));
        assert_eq!(retry_in(&status(429, Some("soon")), 2), Some(120), "unreadable: our own back-off");
        assert_eq!(
            status(429, Some("30")).pause_until(&RetryPolicy::default(), now()),
            Some(now() + TimeDelta::seconds(30))
        );
        assert_eq!(status(500, Some("30")).pause_until(&RetryPolicy::default(), now()), None);
    }

    #[test]
    fn errors_are_one_short_line_without_secrets() {
        let answer = Answer::Status { code: 400, retry_after: None, body: format!("a\nhunter2\t{}", "x".repeat(1000)) };
        let judged = judged_with(&answer, 1, |text| text.replace("hunter2", "***"));
        let DeliveryResult::Dead { error } = judged else { panic!("{judged:?}") };
        assert!(error.starts_with("HTTP 400: a *** xxx"), "{error}");
        assert_eq!(error.chars().count(), 300);
    }
}

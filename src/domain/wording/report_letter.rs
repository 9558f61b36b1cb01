//! [`report_letter`]: a report as it is sent, on a schedule or by hand: the figures that matter in a few lines, and the
//! report beside them or behind a link.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::letter::{Letter, LetterFile, LetterLink, Phase};
use crate::alert::stable_id;
use crate::position::finding::Severity;
use crate::values::words::day_text;

/// Kind of every letter that carries a report.
pub const REPORT_KIND: &str = "report";

/// What such a letter is made of.
#[derive(Debug, Clone)]
pub struct ReportLetter<'a> {
    /// Under which it is sent.
    pub event_id: String,
    /// Name of the schedule or of the channel that it is for.
    pub name: &'a str,
    /// Name of the kind of report, for programs.
    pub report: &'a str,
    /// Its title.
    pub title: &'a str,
    /// When the letter is written.
    pub now: DateTime<Utc>,
    /// Clock of the report.
    pub as_of: DateTime<Utc>,
    /// Its last complete day.
    pub data_through: Option<NaiveDate>,
    /// The figures that matter, each in a sentence.
    pub headline: Vec<String>,
    /// The report, where it goes along.
    pub files: Vec<LetterFile>,
    /// Where it opens, where it does not.
    pub links: Vec<LetterLink>,
    /// Where the dashboard is, for those who may see it.
    pub dashboard_url: Option<String>,
}

/// The id of the letter of the report `name` for the moment `due_at` of its schedule, whoever makes it and how often.
pub fn report_event_id(name: &str, due_at: DateTime<Utc>) -> String {
    stable_id(&[REPORT_KIND, name, &due_at.timestamp_micros().to_string()])
}

/// The key of all letters of the report `name`.
pub fn report_key(name: &str) -> String {
    format!("{REPORT_KIND}:{name}")
}

/// The letter.
pub fn report_letter(input: ReportLetter<'_>) -> Letter {
    let ReportLetter {
        event_id, name, report, now, as_of, data_through, headline, files, links, dashboard_url, ..
    } = input;
    let key = report_key(name);
    let title = format!("{} as of {}", input.title, day_text(as_of.date_naive()));
    let through = data_through
        .map_or_else(|| "no complete day is known yet".to_owned(), |day| format!("with costs up to {}", day_text(day)));
    let summary = headline.first().cloned().unwrap_or_else(|| format!("{}, {through}.", input.title));
    let text = format!("{}, {through}:\n\n{}", input.title, headline.join("\n"));
    let data = json!({
        "event_id": event_id, "key": key, "report": report, "title": title, "summary": summary, "text": text,
        "as_of": as_of, "data_through": data_through, "files": files,
    });
    Letter {
        event_id,
        key,
        kind: REPORT_KIND.to_owned(),
        rule: None,
        severity: Severity::Info,
        phase: Phase::Once,
        since: data_through.unwrap_or_else(|| as_of.date_naive()),
        at: now,
        title,
        summary,
        text,
        attachment: None,
        files,
        links,
        dashboard_url,
        data,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::alert::fixture::clock;

    #[test]
    fn one_id_for_a_report_and_a_moment_of_its_schedule() {
        let id = report_event_id("board", clock());
        assert_eq!(id, report_event_id("board", clock()));
        assert_ne!(id, report_event_id("board", clock() + TimeDelta::days(7)));
        assert_ne!(id, report_event_id("investor", clock()));
    }

    #[test]
    fn the_letter_says_the_figures_and_of_which_day_they_are() {
        let letter = report_letter(ReportLetter {
            event_id: "e".into(),
            name: "board",
            report: "funding-pack",
            title: "Funding pack",
            now: clock() + TimeDelta::hours(2),
            as_of: clock(),
            data_through: NaiveDate::from_ymd_opt(2026, 3, 12),
            headline: vec!["$10.00 of $20.00 of credit is left.".into(), "It lasts.".into()],
            files: Vec::new(),
            links: Vec::new(),
            dashboard_url: None,
        });
        assert_eq!(letter.title, "Funding pack as of 14 March 2026");
        assert_eq!(letter.summary, "$10.00 of $20.00 of credit is left.");
        let said = "Funding pack, with costs up to 12 March 2026:\n\n$10.00 of $20.00 of credit is left.\nIt lasts.";
        assert_eq!(letter.text, said);
        assert_eq!((letter.key.as_str(), letter.phase), ("report:board", Phase::Once));
    }
}

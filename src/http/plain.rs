//! What a reader in a browser is told in place of a problem's own words, which are for programs and for whoever runs this: what
//! happened, and whom to ask.
//!
//! Invariants: nothing here names a command, a key of the config or a template of addresses, but for what a page on this machine alone
//! tells whoever runs it, in a sentence that says so; the customer is named to who has shown a
//! token or a link that was signed here, and to nobody else; a problem as JSON is the same with and without these words.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::values::words::{all_names_text, day_text};
use crate::report::{Format, ReportKind};

/// The words. An answer that is an error bears them in its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// What happened, in a line.
    pub heading: String,
    /// More of it, and what to do, in sentences.
    pub said: Vec<String>,
    /// Where the reader can go on, relative to the address that was asked for, and what that is called; `None` for nowhere.
    pub way: Option<(String, &'static str)>,
    /// Days that can be asked for instead.
    pub days: Option<DaysThereAre>,
    /// True if whoever runs this reads the problem's own words.
    pub outside_only: bool,
}

/// The first and the last day of which something is stored (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaysThereAre {
    /// The first.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
}

impl DaysThereAre {
    /// As a sentence says them.
    pub fn text(self) -> String {
        let DaysThereAre { first, last } = self;
        if first == last {
            format!("{} alone", day_text(first))
        } else {
            format!("any day from {} to {}", day_text(first), day_text(last))
        }
    }
}

impl Plain {
    fn new(heading: impl Into<String>, said: impl IntoIterator<Item = String>) -> Plain {
        let (heading, said) = (heading.into(), said.into_iter().collect());
        Plain { heading, said, way: None, days: None, outside_only: false }
    }

    fn towards(self, href: &str, label: &'static str) -> Plain {
        Plain { way: Some((href.to_owned(), label)), ..self }
    }

    /// A link that opened until `expires_at`, or until somebody ended it.
    pub fn link_over(expires_at: DateTime<Utc>, now: DateTime<Utc>, customer: Option<&str>) -> Plain {
        let until = day_text(expires_at.date_naive());
        // One that was over before is over: nobody looks up why.
        let ended = if expires_at <= now {
            format!("It was made to work until {until}, {} UTC.", expires_at.format("%H:%M"))
        } else {
            format!("It was made to work until {until}, and was ended before.")
        };
        let ask = customer.map_or_else(
            || "Ask whoever sent it for a new one.".to_owned(),
            |name| format!("Ask {name}, whose reports it opened, for a new one."),
        );
        Plain::new("This link has ended", [ended, ask])
    }

    /// A partner's token; the day `since` is the first on which it opens nothing.
    pub fn token_over(since: NaiveDate, customer: Option<&str>) -> Plain {
        let ended = format!("The token that your browser showed opens nothing since {}.", day_text(since));
        let ask = customer.map_or_else(
            || "Ask whoever gave it to you for a new one.".to_owned(),
            |name| format!("Ask {name} for a new one."),
        );
        let then = "Once you have it, log in again: type any user name, and the token as the password.".to_owned();
        Plain::new("Your token has ended", [ended, ask, then]).towards("", "Log in")
    }

    /// What a partner's token does not open.
    pub fn not_for_partners(customer: Option<&str>) -> Plain {
        let (shares, ask) = match customer {
            Some(name) => (format!("the reports that {name} shares with you"), format!("ask {name}")),
            None => ("the reports that are shared with you".to_owned(), "ask whoever gave you the token".to_owned()),
        };
        Plain::new(
            "This page is not open to you",
            [
                format!("Your token opens {shares}, and nothing else here. They are on the first page."),
                format!("If you need more than these, {ask}."),
            ],
        )
    }

    /// What whoever sits at this machine alone may open; `refused` says why to whoever set it up, and `advice` what to do.
    pub fn of_this_machine(refused: &str, advice: Option<&str>) -> Plain {
        let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
        Plain::new(
            "This page is not open to you",
            [
                "If somebody sent you this address, ask them for a link or a token of your own.".to_owned(),
                format!("If you run this glidepath: {refused}{advice}."),
            ],
        )
    }

    /// A link that opens other reports than the one that was asked for.
    pub fn not_in_link(only: Option<ReportKind>) -> Plain {
        let opens = match only {
            Some(kind) => format!("It opens one report: {}.", kind.title()),
            None => "There is no report of that name.".to_owned(),
        };
        Plain::new("This link does not include that report", [opens, ASK_SENDER.to_owned()]).towards("?", OPEN)
    }

    /// A link that opens a report in the formats `made`, or in none of those `of_link` that it was made for.
    pub fn not_in_format(kind: ReportKind, made: &[Format], of_link: &[Format]) -> Plain {
        let names = |formats: &[Format]| all_names_text(&formats.iter().map(|it| it.label()).collect::<Vec<_>>());
        let title = kind.title();
        let opens = match made {
            [] => format!("{title} is made as {}, and this link opens {}.", names(kind.formats()), names(of_link)),
            made => format!("{title}, as this link opens it, is there as {}.", names(made)),
        };
        Plain::new("This link does not include that format", [opens, ASK_SENDER.to_owned()]).towards("?", OPEN)
    }

    /// A link to all reports that was asked for a format of none of them.
    pub fn which_report() -> Plain {
        let said =
            "This link leads to several reports, and the address does not say which one. Choose it on their page.";
        Plain::new("Which report?", [said.to_owned()]).towards("?", OPEN)
    }

    /// A link that shows one moment.
    pub fn no_other_day() -> Plain {
        let said = "Ask whoever sent it for a link to the page of all reports, which shows earlier days too.";
        Plain::new("This link shows no other day", [said.to_owned()]).towards("?", OPEN)
    }

    /// A day of which nothing can be shown, for the reason `why`, beside those that there are.
    pub fn other_days(why: String, days: DaysThereAre) -> Plain {
        let said = format!("Reports can be had as of {}.", days.text());
        Plain { days: Some(days), ..Plain::new("Choose another day", [why, said]) }
    }

    /// Before the first figures.
    pub fn nothing_yet() -> Plain {
        let said = "The first costs have not been read. Come back later, or ask whoever sent you here.";
        Plain { outside_only: true, ..Plain::new("There is nothing to show yet", [said.to_owned()]) }
    }
}

/// Where a link leads by itself.
const OPEN: &str = "Open what this link shows";
const ASK_SENDER: &str = "If you need another, ask whoever sent you the link.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_is_over_says_on_which_day_and_whom_to_ask() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let until = time("2026-03-27T06:30:00.123456Z");
        let of = |now: &str, customer| Plain::link_over(until, time(now), customer).said.join(" ");
        assert_eq!(
            of("2026-04-01T00:00:00Z", Some("Acme")),
            "It was made to work until 27 March 2026, 06:30 UTC. Ask Acme, whose reports it opened, for a new one."
        );
        assert_eq!(
            of("2026-03-21T00:00:00Z", None),
            "It was made to work until 27 March 2026, and was ended before. Ask whoever sent it for a new one."
        );
    }

    #[test]
    fn days_are_said_once_where_there_is_one() {
        let days = |first: &str, last: &str| {
            let [first, last] = [first, last].map(|day| day.parse().unwrap());
            DaysThereAre { first, last }.text()
        };
        assert_eq!(days("2026-03-20", "2026-03-20"), "20 March 2026 alone");
        assert_eq!(days("2026-03-20", "2026-04-01"), "any day from 20 March 2026 to 1 April 2026");
    }
}

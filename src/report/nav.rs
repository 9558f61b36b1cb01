//! Where the page leads to.

use chrono::NaiveDate;

use super::kind::{Format, ReportKind};

/// Where the page leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nav {
    /// The reports.
    pub reports: Vec<NavReport>,
    /// Other places, such as the position as JSON.
    pub links: Vec<NavLink>,
    /// Where stylesheets and scripts are served; `None` makes a page that stands alone, whose charts are still.
    pub assets: Option<NavAssets>,
    /// What can be asked of the daemon in the section "What if?"; `None` leaves the section out.
    pub what_if: Option<WhatIfForm>,
    /// Address of the alerts that are open; `None` leaves their section out.
    pub alerts: Option<String>,
    /// What the section on the next filing asks the daemon; `None` leaves the section out.
    pub filing: Option<FilingForm>,
}

/// Choices of the section "What if?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIfForm {
    /// Address that answers.
    pub api: String,
    /// Models in use, the dearest first.
    pub models: Vec<String>,
    /// Models that have a price.
    pub targets: Vec<String>,
    /// Accelerators that have a price.
    pub instance_types: Vec<String>,
    /// A day ahead that the date fields start from.
    pub soon: NaiveDate,
}

/// Addresses that the section on the next filing asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingForm {
    /// Drafts it from the bill.
    pub draft: String,
    /// Checks one that is sent.
    pub check: String,
    /// Files one that is sent.
    pub file: String,
}

/// Addresses of what the page loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavAssets {
    /// Stylesheets, in order.
    pub stylesheets: Vec<String>,
    /// Scripts, in order.
    pub scripts: Vec<String>,
}

/// A report in its formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavReport {
    /// Title.
    pub title: &'static str,
    /// One link per format.
    pub formats: Vec<NavLink>,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavLink {
    /// Words to click on.
    pub label: String,
    /// Address.
    pub href: String,
}

impl Nav {
    /// Links as the daemon serves them, each relative to the page if `api` is: reports at `{api}/reports/{kind}.{format}`, the
    /// position at `{api}/position`.
    ///
    /// ```
    /// let nav = glidepath_report::Nav::served("/api/v1");
    /// assert_eq!(nav.reports[0].formats[0].href, "/api/v1/reports/actual-vs-projected.html");
    /// ```
    pub fn served(api: &str) -> Self {
        let link = |kind: ReportKind, format: Format| NavLink {
            label: format.as_str().to_ascii_uppercase(),
            href: format!("{api}/reports/{kind}.{format}"),
        };
        let report = |kind: ReportKind| NavReport {
            title: kind.title(),
            formats: kind.formats().iter().map(|format| link(kind, *format)).collect(),
        };
        Nav {
            reports: ReportKind::ALL.into_iter().map(report).collect(),
            links: vec![NavLink { label: "Position as JSON".to_owned(), href: format!("{api}/position") }],
            assets: None,
            what_if: None,
            alerts: None,
            filing: None,
        }
    }
}

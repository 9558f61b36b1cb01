//! What the fake AWS bills: lines of cost, credits, and how the account is set up.
//!
//! Invariant: amounts are exact decimals with at most ten digits after the point, as Cost Explorer prints them, so
//! the sum over any pages, groups or days of an answer equals the sum of the lines.

use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, Utc};
use rust_decimal::Decimal;

/// Digits after the point that Cost Explorer prints.
pub(super) const DIGITS: u32 = 10;

/// One line of the bill: a day's cost of one usage type under one record type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// UTC day.
    pub day: NaiveDate,
    /// Service name as Cost Explorer spells it.
    pub service: String,
    /// RECORD_TYPE.
    pub record_type: String,
    /// USAGE_TYPE.
    pub usage_type: String,
    /// Unit of `quantity`.
    pub unit: String,
    /// Metered quantity.
    pub quantity: Decimal,
    /// Unblended cost with AWS's sign.
    pub cost: Decimal,
    /// When the bill first shows it, in whole. `None`: as usage arrives, partly a day later, wholly after two.
    pub visible_from: Option<DateTime<Utc>>,
}

/// A credit as AWS keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeCredit {
    /// AWS's creditId, digits only.
    pub id: String,
    /// GetCredits' description.
    pub description: String,
    /// GetCredits' creditType.
    pub credit_type: String,
    /// Amount granted.
    pub initial: Decimal,
    /// Day it became valid. It pays from the first day of that month.
    pub starts_on: NaiveDate,
    /// First day on which it pays nothing any more.
    pub expires_on: NaiveDate,
    /// Cost Explorer names of the services it pays for; one `*` in a name stands for anything.
    pub services: Vec<String>,
    /// False: GetCredits leaves `applicableProductNames` out, as it does for some real credits.
    pub lists_services: bool,
    /// First day on which the owner has it paused.
    pub paused_from: Option<NaiveDate>,
    /// GetCredits' applicationType.
    pub application_type: String,
    /// GetCredits' purchaseTypeApplications; empty for all purchase types. The fake itself knows on demand and Spot.
    pub purchase_types: Vec<String>,
}

impl FakeCredit {
    /// A promotional credit that lists its services and is not paused.
    ///
    /// # Panics
    /// If a text is not a day or an amount: a fixture with a typing mistake has nothing to answer.
    pub fn new(id: &str, initial: &str, starts_on: &str, expires_on: &str, services: &[&str]) -> Self {
        FakeCredit {
            id: id.to_owned(),
            description: format!("Promotional credit {id}"),
            credit_type: "Promotion".to_owned(),
            initial: fixture(initial),
            starts_on: fixture(starts_on),
            expires_on: fixture(expires_on),
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            lists_services: true,
            paused_from: None,
            application_type: "AFTER_DISCOUNTS".to_owned(),
            purchase_types: Vec::new(),
        }
    }

    /// With AWS's description.
    #[must_use]
    pub fn described(mut self, description: &str) -> Self {
        self.description = description.to_owned();
        self
    }

    /// GetCredits will not say which services it pays for.
    #[must_use]
    pub fn without_service_list(mut self) -> Self {
        self.lists_services = false;
        self
    }

    /// Paused by its owner from `day` on.
    ///
    /// # Panics
    /// If `day` is not a day.
    #[must_use]
    pub fn paused_from(mut self, day: &str) -> Self {
        self.paused_from = Some(fixture(day));
        self
    }

    /// True if it may pay for how `usage_type` is bought.
    pub(super) fn pays_as_bought(&self, usage_type: &str) -> bool {
        let spot = usage_type.contains("SpotUsage");
        let says_spot = |name: &String| name.to_ascii_lowercase().contains("spot");
        self.purchase_types.is_empty() || self.purchase_types.iter().any(|name| says_spot(name) == spot)
    }

    /// True if it may pay for `service`.
    pub(super) fn pays_for(&self, service: &str) -> bool {
        self.services.iter().any(|name| match name.split_once('*') {
            Some((before, after)) => {
                service.len() >= before.len() + after.len() && service.starts_with(before) && service.ends_with(after)
            }
            None => name == service,
        })
    }
}

/// The plan of an account, as GetAccountPlanState answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakePlan {
    /// FREE or PAID.
    pub kind: String,
    /// NOT_STARTED, ACTIVE or EXPIRED.
    pub status: String,
    /// Dollars of credit left.
    pub credit_left: Option<Decimal>,
    /// When the plan expires.
    pub expires_at: Option<DateTime<Utc>>,
}

impl FakePlan {
    /// An active free plan.
    ///
    /// # Panics
    /// If a text is not an amount or a time.
    pub fn free(credit_left: &str, expires_at: &str) -> Self {
        FakePlan {
            kind: "FREE".to_owned(),
            status: "ACTIVE".to_owned(),
            credit_left: Some(fixture(credit_left)),
            expires_at: Some(fixture(expires_at)),
        }
    }

    /// An active paid plan.
    pub fn paid() -> Self {
        FakePlan { kind: "PAID".to_owned(), status: "ACTIVE".to_owned(), credit_left: None, expires_at: None }
    }
}

/// Where the Credit rows of the bill come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreditRows {
    /// The fake applies the account's credits day by day and bills what it drew.
    Auto,
    /// Only rows that were added by hand.
    None,
}

/// When the bill shows what credits paid of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreditApplied {
    /// With the usage.
    WithUsage,
    /// So many days after the usage.
    DaysLater(u64),
    /// All of a month at once, on this day of it or as usage arrives after that.
    OnDayOfMonth(u32),
    /// All of a month at once, on this day of the next.
    OnDayOfNextMonth(u32),
}

impl CreditApplied {
    /// Whether what was drawn for `day` stands on the bill at `now`.
    pub(super) fn shows(self, day: NaiveDate, now: DateTime<Utc>) -> bool {
        let on = |month: NaiveDate, number: u32| month.with_day(number).is_some_and(|from| from <= now.date_naive());
        match self {
            CreditApplied::WithUsage => true,
            CreditApplied::DaysLater(days) => day + Days::new(days) <= now.date_naive(),
            CreditApplied::OnDayOfMonth(number) => on(first_of_month(day), number),
            CreditApplied::OnDayOfNextMonth(number) => on(first_of_month(day) + Months::new(1), number),
        }
    }
}

/// First day of the month that `day` lies in.
pub(super) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).expect("every month has a first day")
}

/// Builder of the account that a [`super::FakeAws`] serves.
#[derive(Debug, Clone)]
pub struct FakeAccount {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
    pub(super) credits: Vec<FakeCredit>,
    pub(super) credit_rows: CreditRows,
    pub(super) credit_applied: CreditApplied,
    /// First day that Cost Explorer shows from a moment on.
    pub(super) joined: Option<(NaiveDate, DateTime<Utc>)>,
    pub(super) tax_rate: Decimal,
    pub(super) page_size: usize,
    pub(super) months_kept: u32,
    pub(super) plan: Option<FakePlan>,
}

impl FakeAccount {
    /// An account without any cost. `id` is the twelve digits.
    pub fn new(id: &str) -> Self {
        FakeAccount {
            id: id.to_owned(),
            name: "fictional startup".to_owned(),
            lines: Vec::new(),
            credits: Vec::new(),
            credit_rows: CreditRows::Auto,
            credit_applied: CreditApplied::WithUsage,
            joined: None,
            tax_rate: Decimal::ZERO,
            page_size: 5_000,
            months_kept: 13,
            plan: None,
        }
    }

    /// Adds a day's usage of one usage type.
    ///
    /// # Panics
    /// If a text is not a day or an amount.
    #[must_use]
    pub fn usage(self, day: &str, service: &str, usage_type: &str, unit: &str, quantity: &str, cost: &str) -> Self {
        self.line(Line {
            day: fixture(day),
            service: service.to_owned(),
            record_type: "Usage".to_owned(),
            usage_type: usage_type.to_owned(),
            unit: unit.to_owned(),
            quantity: fixture(quantity),
            cost: fixture(cost),
            visible_from: None,
        })
    }

    /// Adds a charge without a meter: a fee, a refund, a credit, tax. Its usage type is the record type.
    ///
    /// # Panics
    /// If a text is not a day or an amount.
    #[must_use]
    pub fn charge(self, day: &str, service: &str, record_type: &str, cost: &str) -> Self {
        self.line(Line {
            day: fixture(day),
            service: service.to_owned(),
            record_type: record_type.to_owned(),
            usage_type: record_type.to_owned(),
            unit: String::new(),
            quantity: Decimal::ZERO,
            cost: fixture(cost),
            visible_from: None,
        })
    }

    /// Changes history once the clock passes `visible_from`: the deltas are added to the named line, which comes
    /// into being if there was none and vanishes from the answers if nothing is left of it.
    ///
    /// # Panics
    /// If a text is not a time, a day or an amount.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "a line of a bill is this wide, and a fixture reads as one row")]
    pub fn restate(
        self,
        visible_from: &str,
        day: &str,
        service: &str,
        record_type: &str,
        usage_type: &str,
        unit: &str,
        quantity: &str,
        cost: &str,
    ) -> Self {
        self.line(Line {
            day: fixture(day),
            service: service.to_owned(),
            record_type: record_type.to_owned(),
            usage_type: usage_type.to_owned(),
            unit: unit.to_owned(),
            quantity: fixture(quantity),
            cost: fixture(cost),
            visible_from: Some(fixture(visible_from)),
        })
    }

    /// Adds a line as it is, cut to the digits that Cost Explorer prints.
    #[must_use]
    pub fn line(mut self, line: Line) -> Self {
        self.lines.push(Line { quantity: line.quantity.round_dp(DIGITS), cost: line.cost.round_dp(DIGITS), ..line });
        self
    }

    /// Grants a credit.
    #[must_use]
    pub fn credit(mut self, credit: FakeCredit) -> Self {
        self.credits.push(credit);
        self
    }

    /// Where Credit rows come from; [`CreditRows::Auto`] unless told.
    #[must_use]
    pub fn credit_rows(mut self, rows: CreditRows) -> Self {
        self.credit_rows = rows;
        self
    }

    /// When the bill shows what credits paid; with the usage unless told.
    #[must_use]
    pub fn credit_applied(mut self, applied: CreditApplied) -> Self {
        self.credit_applied = applied;
        self
    }

    /// Joins an organisation on `day`: from `forgotten_at` on Cost Explorer shows nothing of the days before.
    ///
    /// # Panics
    /// If `day` is not a day, or `forgotten_at` not a time.
    #[must_use]
    pub fn joins_organisation(mut self, day: &str, forgotten_at: &str) -> Self {
        self.joined = Some((fixture(day), fixture(forgotten_at)));
        self
    }

    /// Tax on what credits did not pay, as a share: a row on the first of the month. None unless told.
    ///
    /// # Panics
    /// If `share` is not a number.
    #[must_use]
    pub fn tax_rate(mut self, share: &str) -> Self {
        self.tax_rate = fixture(share);
        self
    }

    /// The plan that the account is on. Unless told, AWS knows none, as of an account from before there were plans.
    #[must_use]
    pub fn on_plan(mut self, plan: FakePlan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Groups on one page of Cost Explorer; 5,000 unless told.
    #[must_use]
    pub fn page_size(mut self, groups: usize) -> Self {
        self.page_size = groups.max(1);
        self
    }

    /// Full months before the current one that Cost Explorer still answers for; 13 unless told.
    #[must_use]
    pub fn months_kept(mut self, months: u32) -> Self {
        self.months_kept = months;
        self
    }
}

/// Reads a text that the fixture's author wrote.
fn fixture<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text:?} in a fixture is not what its place asks for"))
}

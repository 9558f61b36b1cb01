//! Reads what a filing says beside its usage: the application of each record, and the company.

use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::filing_reader::FilingReader;
use crate::credit::programme::{Programme, Programmes};
use crate::filing::projection::{
    Application, AwardHad, Backing, Company, FiledProjection, FiledRecord, FundingStage, Poc, ProductOrFeature,
};
use crate::values::bounds;
use crate::values::money::Money;
use crate::values::period::{BillingPeriod, DayRange};

/// Keys of an application, in a record or at the top of the file.
pub(super) const KEYS: [&str; 9] =
    ["programme", "asked_usd", "granted_usd", "window", "opportunity", "use_case", "stage", "engagement_type", "poc"];

/// Above the spend that credit can pay, where the filing does not say how far an ask lies above it.
const HEADROOM: Decimal = Decimal::from_parts(15, 0, 0, false, 2);
/// Days from a filing to the farthest end of a window: ten years.
const FARTHEST_WINDOW_DAYS: i64 = 3_653;
/// Days of the shortest window: a month's credit is none that AWS grants.
const SHORTEST_WINDOW_DAYS: i64 = 28;
/// Digits of an opportunity's number.
const MOST_DIGITS: usize = 19;
/// Stages of an opportunity in Partner Central.
const STAGES: [&str; 7] =
    ["Prospect", "Qualified", "Technical Validation", "Business Validation", "Committed", "Launched", "Closed Lost"];

impl FilingReader<'_> {
    pub(super) fn application(&mut self, table: &DeTable<'_>) -> Application {
        Application {
            programme: self.programme(table),
            asked_usd: self.read.optional_usd(table, "asked_usd"),
            granted_usd: self.read.optional_usd(table, "granted_usd"),
            window: self.window(table),
            opportunity: self.opportunity(table),
            use_case: self.read.optional_text(table, "use_case"),
            stage: self.stage(table),
            engagement_type: self.read.optional_text(table, "engagement_type"),
            poc: self.poc(table),
        }
    }

    fn programme(&mut self, table: &DeTable<'_>) -> Option<Programme> {
        let (text, at) = self.read.text_value(table, "programme")?;
        let found = Programme::from_name(&text);
        if found.is_none() {
            let known = Programme::ALL.map(Programme::as_str).join(", ");
            self.read.problem(at, format!("{text:?} is not a credit programme"), format!("write one of {known}"));
        }
        found
    }

    /// The days in which an award is meant to be consumed.
    fn window(&mut self, table: &DeTable<'_>) -> Option<DayRange> {
        let value = table.get("window")?;
        let Some(table) = value.get_ref().as_table() else {
            let remedy = "write it like window = { starts_on = \"2026-03-01\", expires_on = \"2028-03-01\" }";
            self.read.problem(value.span(), "window is not a table", remedy);
            return None;
        };
        self.read.known_keys(table, "the window", &["starts_on", "expires_on"]);
        let starts_on = self.read.required_day(table, value.span(), "starts_on");
        let expires_on = self.read.required_day(table, value.span(), "expires_on");
        let (starts_on, expires_on) = (starts_on?, expires_on?);
        let excluded = "expires_on is the first day on which the award pays nothing";
        if expires_on <= starts_on {
            let problem = format!("the window ends on {expires_on}, not after its start on {starts_on}");
            self.read.problem(value.span(), problem, excluded);
            return None;
        }
        let window = DayRange::new(starts_on, expires_on);
        if window.len() < SHORTEST_WINDOW_DAYS {
            let problem = format!("the window from {starts_on} to {expires_on} is shorter than a month");
            self.refuse_unless_frozen(value.span(), problem, &format!("awards last a year or two; {excluded}"));
        }
        self.windows.push((window, value.span()));
        Some(window)
    }

    /// An award that ended before it was filed for is a slip of the pen.
    pub(super) fn check_windows(&mut self, filed_on: NaiveDate) {
        for (DayRange { start: starts_on, end: expires_on }, at) in std::mem::take(&mut self.windows) {
            if (expires_on - filed_on).num_days() > FARTHEST_WINDOW_DAYS {
                let problem =
                    format!("the window ends on {expires_on}, more than ten years after the filing of {filed_on}");
                self.refuse_unless_frozen(
                    at,
                    problem,
                    "awards last a year or two; write the days of the one that is asked for",
                );
            } else if expires_on > filed_on && starts_on < BillingPeriod::of(filed_on).first_day() {
                let problem = format!("the window began on {starts_on}, months before the filing of {filed_on}");
                let line = self.read.line(&at);
                self.read.remark(
                    line,
                    problem,
                    "what was used before is paid; write the window of the award that is asked for",
                );
            } else if expires_on <= filed_on {
                let problem = format!("the window ends on {expires_on}, and the filing is dated {filed_on}");
                self.refuse_unless_frozen(
                    at,
                    problem,
                    "write the window of the award that is asked for, which lies ahead",
                );
            }
        }
    }

    fn refuse_unless_frozen(&mut self, at: Range<usize>, problem: String, remedy: &str) {
        if self.frozen {
            let line = self.read.line(&at);
            self.read.remark(line, problem, remedy);
        } else {
            self.read.problem(at, problem, remedy);
        }
    }

    fn opportunity(&mut self, table: &DeTable<'_>) -> Option<String> {
        let (text, at) = self.read.text_value(table, "opportunity")?;
        let digits = text.strip_prefix('O').unwrap_or_default();
        let is_one = (1..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_one {
            let problem = format!("{text:?} is not the id of an opportunity in Partner Central");
            self.read.problem(at, problem, "write it as ACE shows it: the letter O and digits, like \"O1234567\"");
        }
        is_one.then_some(text)
    }

    fn stage(&mut self, table: &DeTable<'_>) -> Option<String> {
        let (text, at) = self.read.text_value(table, "stage")?;
        if !STAGES.iter().any(|stage| stage.eq_ignore_ascii_case(&text)) {
            let line = self.read.line(&at);
            let remark = format!("{text:?} is not a stage that an opportunity has in Partner Central");
            self.read.remark(line, remark, format!("it knows {}", STAGES.join(", ")));
        }
        Some(text)
    }

    fn poc(&mut self, table: &DeTable<'_>) -> Option<Poc> {
        let value = table.get("poc")?;
        let Some(table) = value.get_ref().as_table() else {
            let remedy = "write it like poc = { building = \"...\", validates = \"...\", ends_on = \"2027-03-01\" }";
            self.read.problem(value.span(), "poc is not a table", remedy);
            return None;
        };
        const KEYS: [&str; 5] = ["building", "validates", "outcome", "ends_on", "then_usd_per_month"];
        self.read.known_keys(table, "a proof of concept", &KEYS);
        let ends_on =
            if table.contains_key("ends_on") { self.read.required_day(table, value.span(), "ends_on") } else { None };
        Some(Poc {
            building: self.read.optional_text(table, "building"),
            validates: self.read.optional_text(table, "validates"),
            outcome: self.read.optional_text(table, "outcome"),
            ends_on,
            then_usd_per_month: self.read.optional_usd(table, "then_usd_per_month"),
        })
    }

    /// The customer's address on the web, as text that AWS reads; nothing here opens it.
    pub(super) fn customer_url(&mut self, root: &DeTable<'_>) -> Option<String> {
        let (text, at) = self.read.text_value(root, "customer_url")?;
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(&text);
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        let name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | ':');
        if !host.contains('.') || !host.chars().all(name) || text.contains(char::is_whitespace) {
            let problem = format!("customer_url is {text:?}, which is not an address on the web");
            self.read.problem(at, problem, "write it like customer_url = \"https://www.example.com\"");
            return None;
        }
        Some(text)
    }

    pub(super) fn headroom(&mut self, root: &DeTable<'_>) -> Decimal {
        if root.contains_key("headroom") { self.read.share(root, "headroom") } else { HEADROOM }
    }

    pub(super) fn company(&mut self, root: &DeTable<'_>, filed_on: Option<NaiveDate>) -> Option<Company> {
        let value = root.get("company")?;
        let Some(table) = value.get_ref().as_table() else {
            self.read.problem(
                value.span(),
                "company is not a table",
                "write it as [company], each key in a line of its own",
            );
            return None;
        };
        const KEYS: [&str; 6] =
            ["funding_stage", "institutional_investor", "partner", "founded_on", "product_or_feature", "awards"];
        self.read.known_keys(table, "the company", &KEYS);
        let funding_stage = self.funding_stage(table);
        let institutional_investor = self.backing(table, "institutional_investor");
        let institutional = funding_stage.filter(|stage| stage.is_institutional());
        if let (Some(stage), Some(Backing::Nobody)) = (institutional, &institutional_investor) {
            let at = table.get("institutional_investor").map_or(value.span(), Spanned::span);
            let problem =
                format!("funding_stage is {:?}, and institutional_investor says that there is none", stage.as_str());
            self.refuse_unless_frozen(at, problem, "name the investor who led the round, or correct the stage");
        }
        let founded_on = if table.contains_key("founded_on") {
            self.read.required_day(table, value.span(), "founded_on")
        } else {
            None
        };
        if let (Some(founded), Some(filed)) = (founded_on, filed_on)
            && founded > filed
        {
            let at = table.get("founded_on").map_or(value.span(), Spanned::span);
            let problem = format!("the company was founded on {founded}, after the filing, which is dated {filed}");
            self.refuse_unless_frozen(at, problem, "correct the day");
        }
        Some(Company {
            funding_stage,
            institutional_investor,
            partner: self.backing(table, "partner"),
            founded_on,
            product_or_feature: self.product_or_feature(table),
            awards: self.read.tables(table, "awards").into_iter().filter_map(|(row, at)| self.award(row, at)).collect(),
        })
    }

    fn funding_stage(&mut self, table: &DeTable<'_>) -> Option<FundingStage> {
        let (text, at) = self.read.text_value(table, "funding_stage")?;
        let found = FundingStage::from_name(&text);
        if found.is_none() {
            let known = FundingStage::ALL.map(FundingStage::as_str).join(", ");
            self.read.problem(at, format!("{text:?} is not a funding stage"), format!("write one of {known}"));
        }
        found
    }

    /// True, false, or the name of who it is.
    fn backing(&mut self, table: &DeTable<'_>, key: &str) -> Option<Backing> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(true) => Some(Backing::Somebody(None)),
            DeValue::Boolean(false) => Some(Backing::Nobody),
            DeValue::String(name) if !name.trim().is_empty() => Some(Backing::Somebody(Some(name.trim().to_owned()))),
            _ => {
                let problem = format!("{key} is neither true nor false nor a name");
                self.read.problem(
                    value.span(),
                    problem,
                    format!("write {key} = true, {key} = false, or the name in quotes"),
                );
                None
            }
        }
    }

    fn product_or_feature(&mut self, table: &DeTable<'_>) -> Option<ProductOrFeature> {
        let (text, at) = self.read.text_value(table, "product_or_feature")?;
        match text.as_str() {
            "product" => Some(ProductOrFeature::Product),
            "feature" => Some(ProductOrFeature::Feature),
            _ => {
                let problem = format!("product_or_feature is {text:?}");
                let remedy = "write \"product\" if there is no product without generative AI, else \"feature\"";
                self.read.problem(at, problem, remedy);
                None
            }
        }
    }

    fn award(&mut self, table: &DeTable<'_>, at: Range<usize>) -> Option<AwardHad> {
        self.read.known_keys(table, "an award", &["programme", "usd"]);
        for (key, example) in [("programme", "\"founders\""), ("usd", "\"5000\"")] {
            if !table.contains_key(key) {
                let remedy = format!("write it like {key} = {example}");
                self.read.problem(at.clone(), format!("{key} of the award is missing"), remedy);
            }
        }
        let (programme, usd) = (self.programme(table), self.read.optional_usd(table, "usd"));
        let award = AwardHad { programme: programme?, usd: usd? };
        let most = Programmes::builtin().of(award.programme).ceiling_usd;
        if award.usd > most {
            let remark = format!(
                "{} of {} is more than the {} that all its awards together grant",
                award.usd.dollars(),
                award.programme.label(),
                most.dollars()
            );
            let line = self.read.line(&at);
            self.read.remark(line, remark, "name the programme that granted it, with the amount of its letter");
        }
        Some(award)
    }

    /// US dollars per chip-hour of a type that the book has no price of.
    pub(super) fn usd_per_chip_hour(&mut self, table: &DeTable<'_>) -> Option<Money> {
        let usd = self.read.optional_usd(table, "usd_per_chip_hour")?;
        let refused = bounds::PRICE_USD.refuse_usd("usd_per_chip_hour", usd);
        if let Some((problem, value)) = refused.zip(table.get("usd_per_chip_hour")) {
            self.read.problem(value.span(), problem, "write the price of your quote, for one chip and hour");
            return None;
        }
        Some(usd)
    }

    /// A price of one's own stands beside a price of the book.
    pub(super) fn remark_own_prices(&mut self, filing: &FiledProjection) {
        for line in filing.records.iter().flat_map(|record| &record.accelerators) {
            let listed =
                self.book.accelerator(&line.instance_type, filing.filed_on).and_then(|price| price.usd_per_hour);
            if line.usd_per_chip_hour.is_some() && listed.is_some() {
                let remark = format!(
                    "the price book has a price of {}, which counts instead of usd_per_chip_hour",
                    line.instance_type
                );
                let remedy = "put a price of your own into the file that [projection] prices in the config names";
                self.read.remark(line.line, remark, remedy);
            }
        }
    }

    /// What the records ask for, beside what the file does.
    pub(super) fn check_amounts(&mut self, filing: &FiledProjection) {
        let sum = |of: fn(&FiledRecord) -> Option<Money>| {
            let all: Option<Vec<_>> = filing.records.iter().map(of).collect();
            all.map(|all| all.into_iter().sum::<Money>())
        };
        let (whole, records) = (filing.application.asked_usd, sum(|record| record.application.asked_usd));
        if let (Some(whole), Some(records)) = (whole, records)
            && whole != records
        {
            let remark =
                format!("the filing asks for {}, and its records for {} together", whole.dollars(), records.dollars());
            self.read.remark(
                1,
                remark,
                "let the records' amounts add up to the filing's, or write only one of the two",
            );
        }
    }
}

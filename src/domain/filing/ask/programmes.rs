//! Which programmes fit a filing, by which route, what stands before them, and when their credit can be there.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::KnownAccount;
use super::awards::used_up;
use super::spend::{Row, Spend};
use crate::credit::programme::{GENAI_TIER, Programme, Programmes, Route, Terms};
use crate::filing::ask::spend::with_headroom;
use crate::filing::projection::{Backing, Company, FiledProjection, FiledRecord, FundingStage, ProductOrFeature};
use crate::values::money::Money;
use crate::values::period::plus_days;

/// The gate that says who files it.
const ROUTE: &str = "route";
/// Days that are left between the slowest award and the first day on which it is meant to pay.
const SLACK_DAYS: i64 = 14;
/// Age in years up to which startup programmes are reported to take a company.
const MOST_YEARS: i64 = 10;

/// A programme by one route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgrammeFit {
    /// Which programme.
    pub programme: Programme,
    /// Who files the application.
    pub route: Route,
    /// True if the filing plans spend that the programme is meant for, whatever the gates say.
    pub fits: bool,
    /// What awards of it are like.
    pub band: AskBand,
    /// What stands before it.
    pub gates: Vec<Gate>,
    /// Day on which the records of the programme have used the lower of their ask and its ceiling; null if that is after the
    /// window, or the filing has no record of it.
    pub lasts_until: Option<NaiveDate>,
    /// The day by which to file, so that even a slow award is there two weeks before its window starts.
    pub file_by: NaiveDate,
    /// When credit can be there if it is applied for on the day of filing.
    pub lands: Lands,
    /// Where the figures were read.
    pub source: String,
}

/// What awards of a programme are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskBand {
    /// The least that is granted.
    pub floor: Money,
    /// What is usual; null where that is not reported.
    pub typical: Option<Money>,
    /// Half of all awards grant more; null where that is not reported.
    pub median: Option<Money>,
    /// The most that all awards of it grant; of an AI record, less what other programmes but the accelerator granted.
    pub ceiling: Money,
}

/// What stands before an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gate {
    /// Its name.
    pub gate: String,
    /// Whether it is open.
    pub state: GateState,
    /// Why, a sentence.
    pub reason: String,
    /// The most that can be asked all the same, where the ceiling closes it; null otherwise.
    pub most_usd: Option<Money>,
}

/// Whether a gate is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// The filing says what it takes.
    Open,
    /// The filing says what rules it out.
    Closed,
    /// The filing does not say, or somebody else decides.
    Ask,
}

impl ProgrammeFit {
    /// True if the day by which to file was over on the day of filing.
    pub fn is_late(&self, filed_on: NaiveDate) -> bool {
        self.file_by < filed_on
    }

    /// Whether somebody is there who can file it by this route.
    pub fn route_state(&self) -> GateState {
        self.gates.iter().find(|gate| gate.gate == ROUTE).map_or(GateState::Ask, |gate| gate.state)
    }

    /// True if it can be filed by this route: the filing does not rule it out, and AWS's own form has one route alone.
    pub fn is_possible(&self) -> bool {
        let direct = Programmes::builtin().of(self.programme).is_direct();
        self.route_state() != GateState::Closed && (!direct || self.route == Route::Own)
    }
}

impl Gate {
    /// Its state for people. Spend above a ceiling closes nothing for them: they ask for the most.
    pub fn state_words(&self) -> &'static str {
        match self.state {
            GateState::Open => "open",
            GateState::Closed if self.most_usd.is_some_and(Money::is_positive) => "capped",
            GateState::Closed => "closed",
            GateState::Ask => "to be asked",
        }
    }
}

impl GateState {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            GateState::Open => "open",
            GateState::Closed => "closed",
            GateState::Ask => "ask",
        }
    }
}

/// The days on which credit can be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lands {
    /// At the earliest that is reported.
    pub from: NaiveDate,
    /// At the latest that is reported.
    pub to: NaiveDate,
}

/// Every programme by every route, those by a partner first. `asked` is what is asked for all records together.
pub(super) fn fits(filing: &FiledProjection, spend: &Spend, asked: Money, account: &KnownAccount) -> Vec<ProgrammeFit> {
    let granted = granted(filing.company.as_ref());
    let fit = |(route, programme): (Route, Programme)| {
        let terms = Programmes::builtin().of(programme);
        let own = OwnRecords::of(filing, spend, programme);
        let (fast, slow) = terms.days(route);
        ProgrammeFit {
            programme,
            route,
            fits: spend.rows.iter().any(|row| row.payable().is_positive() && terms.funds(row.purpose)),
            band: AskBand {
                floor: terms.floor_usd,
                typical: terms.typical_usd,
                median: terms.median_usd,
                ceiling: terms.ceiling(&granted),
            },
            gates: Gates { filing, terms, programme, route, granted: &granted, own: &own, asked, account }.all(),
            lasts_until: own.lasts_until(terms.ceiling(&granted)),
            file_by: plus_days(own.starts_on, -(slow + SLACK_DAYS)),
            lands: Lands { from: plus_days(filing.filed_on, fast), to: plus_days(filing.filed_on, slow) },
            source: terms.source().to_owned(),
        }
    };
    let routes = Route::ALL.into_iter();
    routes.flat_map(|route| Programme::ALL.map(|programme| (route, programme))).map(fit).collect()
}

/// What each programme granted, by what the filing says of the company.
pub(super) fn granted(company: Option<&Company>) -> BTreeMap<Programme, Money> {
    let mut granted: BTreeMap<Programme, Money> = BTreeMap::new();
    for award in company.into_iter().flat_map(|company| &company.awards) {
        *granted.entry(award.programme).or_default() += award.usd;
    }
    granted
}

/// The records that ask one programme.
struct OwnRecords<'s> {
    rows: Vec<&'s Row>,
    /// What they ask for: what the filing says they do, else their payable spend with headroom.
    asked: Money,
    /// Their payable spend with headroom.
    supported: Money,
    /// First day of their first window.
    starts_on: NaiveDate,
    some: bool,
}

impl<'s> OwnRecords<'s> {
    fn of(filing: &FiledProjection, spend: &'s Spend, programme: Programme) -> OwnRecords<'s> {
        let is_own = |record: &FiledRecord| filing.programme_of(record) == programme;
        let rows: Vec<&Row> = spend.rows.iter().filter(|row| is_own(&filing.records[row.record])).collect();
        let own: Vec<&FiledRecord> = filing.records.iter().filter(|record| is_own(record)).collect();
        let supported = with_headroom(filing, rows.iter().map(|row| row.payable()).sum());
        let said: Option<Vec<Money>> = own.iter().map(|record| record.application.asked_usd).collect();
        let whole = filing.application.asked_usd.filter(|_| own.len() == filing.records.len());
        let asked = said.filter(|said| !said.is_empty()).map(|said| said.into_iter().sum()).or(whole);
        let first =
            |records: &[&FiledRecord]| records.iter().filter_map(|it| filing.window_of(it)).map(|it| it.start).min();
        let any: Vec<&FiledRecord> = filing.records.iter().collect();
        let starts_on = first(&own).or_else(|| first(&any)).unwrap_or_else(|| spend.months.start.first_day());
        OwnRecords { rows, asked: asked.unwrap_or(supported), supported, starts_on, some: !own.is_empty() }
    }

    fn lasts_until(&self, ceiling: Money) -> Option<NaiveDate> {
        let award = self.asked.min(ceiling);
        if self.some && award.is_positive() { used_up(&self.rows, award) } else { None }
    }
}

/// What is known when the gates of one programme and route are read.
struct Gates<'a> {
    filing: &'a FiledProjection,
    terms: &'a Terms,
    programme: Programme,
    route: Route,
    granted: &'a BTreeMap<Programme, Money>,
    own: &'a OwnRecords<'a>,
    asked: Money,
    account: &'a KnownAccount,
}

impl Gates<'_> {
    fn all(&self) -> Vec<Gate> {
        [Some(self.route()), Some(self.ceiling()), self.floor(), self.earlier(), self.own_gate(), self.age()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn gate(&self, gate: &str, state: GateState, reason: String) -> Gate {
        Gate { gate: gate.to_owned(), state, reason, most_usd: None }
    }

    /// Who files it.
    fn route(&self) -> Gate {
        let company = self.filing.company.as_ref();
        let backed = |who: Option<&Backing>, by: &str, key: &str| match who {
            Some(Backing::Somebody(Some(name))) => (GateState::Open, format!("{name} can file it.")),
            Some(Backing::Somebody(None)) => (GateState::Open, format!("{by} stands behind the company.")),
            Some(Backing::Nobody) => (GateState::Closed, format!("The filing says that there is no {by}.")),
            None => (GateState::Ask, format!("The filing does not say whether there is one: {key} under [company].")),
        };
        if self.terms.is_direct() {
            let state = if self.route == Route::Own { GateState::Open } else { GateState::Ask };
            let reason = "The company applies on AWS's own form; a partner or an investor can only advise.".to_owned();
            return self.gate(ROUTE, state, reason);
        }
        let (state, reason) = match self.route {
            Route::Partner => {
                let named = self.account.partner.clone().map(|name| Backing::Somebody(Some(name)));
                backed(company.and_then(|it| it.partner.as_ref()).or(named.as_ref()), "AWS partner", "partner")
            }
            Route::Investor => {
                let investor = company.and_then(|it| it.institutional_investor.as_ref());
                backed(investor, "institutional investor", "institutional_investor")
            }
            Route::Own => (
                GateState::Ask,
                "Without a partner or an investor who files it, AWS's startup team has to be asked.".to_owned(),
            ),
        };
        self.gate(ROUTE, state, reason)
    }

    /// No more than the programme grants, and of a filing for the tier no more than what is left of its band.
    fn ceiling(&self) -> Gate {
        let own_room = self.terms.room(self.granted);
        let label = self.programme.label();
        let band = self.filing.asked_for.as_deref() == Some(GENAI_TIER)
            && matches!(self.programme, Programme::ActivatePortfolio | Programme::AiRecord);
        let left = band.then(|| Programmes::builtin().of(Programme::AiRecord).band_left(self.granted));
        let gate = |state, reason| self.gate("ceiling", state, reason);
        let capped = |can: Money, of: String| {
            let asks = match self.filing.asked_usd() {
                Some(said) if said == can => " The filing asks for exactly that.",
                _ => "",
            };
            let reason = format!("{of} {}.{asks}", can.dollars());
            Gate { most_usd: Some(can), ..gate(GateState::Closed, reason) }
        };
        if own_room.is_zero() {
            let band = match self.granted.get(&self.programme) {
                Some(_) => "it has granted all that it can",
                None => "what other programmes granted leaves nothing of it",
            };
            return capped(
                own_room,
                format!("Of {label} no more can be granted: {band}. The most that can be asked is"),
            );
        }
        if self.own.supported > own_room {
            let can = left.map_or(own_room, |left| left.min(own_room));
            let support = self.own.supported.dollars();
            return capped(can, format!("Its records support {support}; the most that can be asked of {label} is"));
        }
        if let Some(left) = left.filter(|left| self.asked > *left) {
            let asked = self.asked.dollars();
            return capped(
                left,
                format!(
                    "All records together support {asked}; the most that can be asked within the band of the GenAI tier is"
                ),
            );
        }
        gate(GateState::Open, format!("Up to {} can be asked; the ceiling is rarely granted.", own_room.dollars()))
    }

    /// At least what the programme grants.
    fn floor(&self) -> Option<Gate> {
        let small = self.own.some && self.own.supported < self.terms.floor_usd;
        small.then(|| {
            let (own, least) = (self.own.supported.dollars(), self.terms.floor_usd.dollars());
            self.gate(
                "floor",
                GateState::Closed,
                format!("Its records support {own}; the least that is granted is {least}."),
            )
        })
    }

    /// Whether what was granted before rules it out.
    fn earlier(&self) -> Option<Gate> {
        let outgrown = self.terms.is_outgrown(self.granted);
        let reason = "The company holds an award of another programme, and this one is to start with.";
        outgrown.then(|| self.gate("earlier_awards", GateState::Closed, reason.to_owned()))
    }

    /// What this programme asks beyond the others.
    fn own_gate(&self) -> Option<Gate> {
        let company = self.filing.company.as_ref();
        let (gate, state, reason) = match self.programme {
            Programme::Founders => return None,
            Programme::ActivatePortfolio => match company.and_then(|it| it.funding_stage) {
                Some(stage) if stage < FundingStage::SeriesBOrLater => {
                    ("funding_stage", GateState::Open, format!("The company's funding is {}, before Series B.", stage.as_str()))
                }
                Some(_) => (
                    "funding_stage",
                    GateState::Ask,
                    "Startup credit is reported to be for companies before Series B; ask whether it is open to this one.".to_owned(),
                ),
                None => ("funding_stage", GateState::Ask, "The filing does not say funding_stage under [company].".to_owned()),
            },
            Programme::BedrockPoc => {
                let whole = self.filing.records.iter().filter(|record| !record.tokens.is_empty()).any(|record| {
                    let poc = self.filing.application_of(record).poc;
                    poc.is_some_and(|poc| poc.validates.is_some() && poc.ends_on.is_some())
                });
                if whole {
                    ("plan", GateState::Open, "The filing says what the proof of concept shows and when it ends.".to_owned())
                } else {
                    let missing = "It takes a plan on Bedrock: say under poc what is built, what it validates and when it ends.";
                    ("plan", GateState::Ask, missing.to_owned())
                }
            }
            Programme::AiRecord => {
                let tokens = self.filing.records.iter().flat_map(|record| &record.tokens).map(|line| &line.why_model);
                let types = self.filing.records.iter().flat_map(|record| &record.accelerators).map(|line| &line.why_model);
                let whys: Vec<_> = tokens.chain(types).collect();
                if whys.is_empty() {
                    ("projection", GateState::Closed, "No record plans tokens or accelerators.".to_owned())
                } else if whys.iter().all(|why| why.is_some()) {
                    ("projection", GateState::Open, "Each model and accelerator has its volumes and its reason.".to_owned())
                } else {
                    ("projection", GateState::Ask, "The projection has volumes; give the reason for each model (why_model).".to_owned())
                }
            }
            Programme::Accelerator => match company.and_then(|it| it.product_or_feature) {
                Some(ProductOrFeature::Product) => {
                    ("selection", GateState::Ask, "About 50 companies a cohort are selected, in roughly quarterly windows.".to_owned())
                }
                _ => (
                    "selection",
                    GateState::Ask,
                    "About 50 companies a cohort are selected; generative AI has to be the product (product_or_feature).".to_owned(),
                ),
            },
        };
        Some(self.gate(gate, state, reason))
    }

    fn age(&self) -> Option<Gate> {
        let founded = self.filing.company.as_ref()?.founded_on?;
        let years = (self.filing.filed_on - founded).num_days() / 365;
        let reason = format!(
            "Startup programmes are reported to take companies up to {MOST_YEARS} years old; this one is {years}."
        );
        (years >= MOST_YEARS).then(|| self.gate("age", GateState::Ask, reason))
    }
}

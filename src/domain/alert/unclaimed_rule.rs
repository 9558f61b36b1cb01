//! Money that lies unclaimed: spend on models and accelerators for which credit programmes exist, and no award of one.

use super::input::IngestHealth;
use super::settings::AlertRules;
use crate::alert::input::data_day;
use crate::credit::programme::{Programme, Programmes};
use crate::position::finding::{Finding, Rule, Severity};
use crate::position::observations::Observations;
use crate::position::{PoolPosition, Position};
use crate::values::words::{all_names_text, day_text, usd_text};

/// Days that the spend is of.
const DAYS: i64 = 28;

/// Found where models and accelerators cost at least so much, and nothing but credit to start with was ever granted.
pub(super) fn unclaimed(
    position: &Position,
    health: &IngestHealth,
    observations: &Observations,
    rules: &AlertRules,
) -> Option<Finding> {
    let spend = &observations.model_spend;
    let small = |pool: &PoolPosition| match pool.programme {
        Some(programme) => programme == Programme::Founders,
        // What it is of is not known; an award of another programme would be larger.
        None => pool.granted <= Programmes::builtin().of(Programme::Founders).ceiling_usd,
    };
    let claimed = position.credits.pools.iter().any(|pool| !small(pool));
    if claimed
        || position.free_plan().is_some()
        || spend.fits.is_empty()
        || spend.last_28_days < rules.unclaimed_usd_month
    {
        return None;
    }
    let names: Vec<&str> = spend.fits.iter().map(|programme| programme.label()).collect();
    let award = rules.award(position.award_meant, health.today());
    let (name, takes) = (award.name(), award.takes());
    let end = position.exhaustion.total.p50.filter(|_| position.credits.remaining.is_positive());
    let by = end.map(|end| award.file_by(end)).filter(|by| award.can_keep(*by));
    let when = match by {
        Some(by) => format!("apply by {}, so that it is there when the credit held ends", day_text(by)),
        None => format!("apply {}: until an award is there, each day costs about {} in cash", award.soonest(), {
            usd_text(spend.last_28_days.per(DAYS))
        }),
    };
    Some(Finding {
        named: None,
        rule: Rule::AwardUnclaimed,
        severity: Severity::Info,
        key: format!("{}:models", Rule::AwardUnclaimed.as_str()),
        since: data_day(health),
        summary: format!(
            "{} went to models and accelerators in the last {DAYS} days, and no award for such spend was ever granted.",
            usd_text(spend.last_28_days)
        ),
        reason: format!(
            "How sure: it is in the costs as billed; whether an award is granted is up to AWS. Programmes that are meant for \
             such spend: {}. Of the {name} award, {takes}. Next: {when}. `glidepath projection size` works out what to ask for.",
            all_names_text(&names)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{health, pool, position, usd};
    use super::*;
    use crate::position::observations::ModelSpend;

    fn found(spent: &str, pools: Vec<PoolPosition>, fits: &[Programme]) -> Option<Finding> {
        let mut position = position();
        position.credits.pools = pools;
        let model_spend = ModelSpend { last_28_days: usd(spent), fits: fits.to_vec() };
        let observations = Observations { model_spend, ..Observations::default() };
        unclaimed(&position, &health(), &observations, &AlertRules::default())
    }

    fn of(programme: Option<Programme>, granted: &str) -> PoolPosition {
        PoolPosition { programme, granted: usd(granted), ..pool() }
    }

    #[test]
    fn only_credit_to_start_with_leaves_money_unclaimed() {
        let fits = [Programme::AiRecord];
        let founders = || of(Some(Programme::Founders), "5000");
        for (spent, pools, fits, is_found) in [
            ("500", vec![], &fits[..], true),
            ("499.99", vec![], &fits[..], false),
            ("500", vec![], &[][..], false),
            ("500", vec![founders()], &fits[..], true),
            ("500", vec![founders(), of(Some(Programme::BedrockPoc), "25000")], &fits[..], false),
            ("500", vec![of(None, "300")], &fits[..], true),
            ("500", vec![of(None, "100000")], &fits[..], false),
        ] {
            let what = format!("{spent} beside {pools:?}");
            assert_eq!(found(spent, pools, fits).is_some(), is_found, "{what}");
        }
    }

    #[test]
    fn it_says_what_fits_and_when_to_apply() {
        let said = found("2800", vec![], &[Programme::BedrockPoc, Programme::AiRecord]).unwrap();
        assert_eq!((said.severity, said.key.as_str()), (Severity::Info, "award_unclaimed:models"));
        assert!(
            said.summary.starts_with("$2,800 went to models and accelerators in the last 28 days"),
            "{}",
            said.summary
        );
        assert!(said.reason.contains("Bedrock POC and AI record"), "{}", said.reason);
    }
}

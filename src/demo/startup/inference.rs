//! Tokens: Claude through its Edition services, Nova and gpt-oss as Amazon Bedrock.
//!
//! List prices for global routing; Claude in-region is a tenth dearer, a batch half the price. Editions are metered in
//! millions, gpt-oss and Nova Lite in thousands, Nova 2 Lite token by token.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::year::{BEDROCK, Dice, HAIKU, LAUNCH, SONNET, day, days, level, metered, weekday_per_mille};
use crate::account::Line;

/// From this day on most traffic goes to the smaller Claude.
const MODEL_SWITCH: NaiveDate = day(2026, 9, 7);
/// From this day on Nova 2 Lite replaces Nova Lite, and gpt-oss takes over some of the classification.
const NATIVE_SWITCH: NaiveDate = day(2026, 3, 1);

/// Per mille of a model's input tokens. The filing said 400 of cache reads and global routing for all.
const CACHE_READ: u64 = 120;
const CACHE_WRITE: u64 = 30;
const GLOBAL: u64 = 150;
/// Per mille of Haiku's traffic that runs as a batch over night.
const BATCH: u64 = 100;
/// Output tokens per mille of input tokens.
const OUTPUT: u64 = 210;

/// One Claude model's service and prices per million tokens: input, output, cache read, cache write.
struct Claude {
    service: &'static str,
    in_region: [&'static str; 4],
    global: [&'static str; 4],
    /// In-region batch: input, output.
    batch: [&'static str; 2],
}

const SONNET_5: Claude = Claude {
    service: SONNET,
    in_region: ["2.2", "11", "0.22", "2.75"],
    global: ["2", "10", "0.2", "2.5"],
    batch: ["1.1", "5.5"],
};
const HAIKU_45: Claude = Claude {
    service: HAIKU,
    in_region: ["1.1", "5.5", "0.11", "1.375"],
    global: ["1", "5", "0.1", "1.25"],
    batch: ["0.55", "2.75"],
};

/// Every inference line of the year.
pub(super) fn lines(dice: &mut Dice) -> Vec<Line> {
    days().flat_map(|on| lines_of(on, dice)).collect()
}

fn lines_of(on: NaiveDate, dice: &mut Dice) -> Vec<Line> {
    let plain = level(on) * weekday_per_mille(on) / 1000 * launch_percent(on) / 100;
    let [sonnet, haiku, nova, gpt_oss] = shares(on).map(|share| dice.about(plain * share / 1000, 60));
    let mut lines = claude(on, &SONNET_5, sonnet, 0);
    lines.extend(claude(on, &HAIKU_45, haiku, BATCH));
    let nova_out = nova * OUTPUT / 1000;
    if on < NATIVE_SWITCH {
        lines.push(per_thousand(on, "USE1-NovaLite-input-tokens", nova, "0.00006"));
        lines.push(per_thousand(on, "USE1-NovaLite-output-tokens", nova_out, "0.00024"));
    } else {
        lines.push(per_token(on, "USE1-Nova2.0Lite-input-tokens-cross-region-global", nova, "0.0000003"));
        lines.push(per_token(on, "USE1-Nova2.0Lite-output-tokens-cross-region-global", nova_out, "0.0000025"));
        let out = gpt_oss * OUTPUT / 1000;
        lines.push(per_thousand(on, "USE1-openai.gpt-oss-120b-mantle-input-tokens-standard", gpt_oss, "0.00015"));
        lines.push(per_thousand(on, "USE1-openai.gpt-oss-120b-mantle-output-tokens-standard", out, "0.0006"));
    }
    lines
}

/// Per mille of the input tokens: Sonnet 5, Haiku 4.5, Nova, gpt-oss.
fn shares(on: NaiveDate) -> [u64; 4] {
    if on < NATIVE_SWITCH {
        [700, 120, 180, 0]
    } else if on < MODEL_SWITCH {
        [660, 140, 120, 80]
    } else {
        [340, 460, 110, 90]
    }
}

/// The launch week's crowd, in percent of the level that stays.
fn launch_percent(on: NaiveDate) -> u64 {
    let since = (on - LAUNCH).num_days();
    usize::try_from(since).ok().and_then(|since| [150, 240, 220, 190, 160, 140, 120].get(since)).copied().unwrap_or(100)
}

/// A day of one Claude model with `tokens` of input.
fn claude(on: NaiveDate, model: &Claude, tokens: u64, batch_share: u64) -> Vec<Line> {
    let batch = tokens * batch_share / 1000;
    let global = (tokens - batch) * GLOBAL / 1000;
    let mut lines = routed(on, model.service, tokens - batch - global, "", &model.in_region);
    lines.extend(routed(on, model.service, global, "_Global", &model.global));
    if batch > 0 {
        lines.push(per_million(on, model.service, "InputTokenCount_Batch", batch, model.batch[0]));
        lines.push(per_million(on, model.service, "OutputTokenCount_Batch", batch * OUTPUT / 1000, model.batch[1]));
    }
    lines
}

fn routed(on: NaiveDate, service: &str, tokens: u64, routing: &str, usd: &[&str; 4]) -> Vec<Line> {
    // A better prompt layout in autumn brings a few more cache hits.
    let hits = CACHE_READ + if on.year() == 2026 && on.month() >= 10 { 20 } else { 0 };
    let (read, write) = (tokens * hits / 1000, tokens * CACHE_WRITE / 1000);
    [
        ("InputTokenCount", tokens - read - write),
        ("OutputTokenCount", tokens * OUTPUT / 1000),
        ("CacheReadInputTokenCount", read),
        ("CacheWriteInputTokenCount", write),
    ]
    .into_iter()
    .zip(usd)
    .map(|((meter, tokens), usd)| per_million(on, service, &format!("{meter}{routing}"), tokens, usd))
    .collect()
}

fn per_million(on: NaiveDate, service: &str, meter: &str, tokens: u64, usd: &str) -> Line {
    let quantity = Decimal::from_i128_with_scale(i128::from(tokens), 6);
    metered(on, service, &format!("USE1-MP:USE1_{meter}-Units"), "Units", quantity, usd)
}

fn per_thousand(on: NaiveDate, usage_type: &str, tokens: u64, usd: &str) -> Line {
    let quantity = Decimal::from_i128_with_scale(i128::from(tokens), 3);
    metered(on, BEDROCK, usage_type, "1K tokens", quantity, usd)
}

fn per_token(on: NaiveDate, usage_type: &str, tokens: u64, usd: &str) -> Line {
    metered(on, BEDROCK, usage_type, "tokens", Decimal::from(tokens), usd)
}

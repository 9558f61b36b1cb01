//! Several models in one record: tokens that move between them are mix, and nothing else.

use glidepath::domain::filing::projection::{ActualCost, FiledProjection};
use glidepath::domain::filing::variance::{Causes, Variance};
use glidepath::domain::values::money::Money;
use glidepath::domain::values::workload::{Direction, Workload};
use rust_decimal::Decimal;

use super::compare;
use crate::support::filing::{chip_hours, tokens, usd};

const SONNET: &str = "Claude Sonnet 5";
const HAIKU: &str = "Claude Haiku 4.5";

/// 500 million input and 100 million output tokens of Sonnet at 2 and 10, as many of Haiku at 1 and 5.
fn two_models() -> FiledProjection {
    let line = |model: &str| {
        format!(
            "[[record.tokens]]\nmodel = \"{model}\"\n\
             monthly = [{{ from = \"2026-02\", input_millions = 500, output_millions = 100 }}]\n"
        )
    };
    let text = format!("filed_on = \"2026-02-01\"\n[[record]]\nid = \"ai\"\n{}{}", line(SONNET), line(HAIKU));
    FiledProjection::parse(&text).unwrap()
}

/// Millions of input and output at list price.
fn billed(model: &str, input: &str, output: &str, prices: [&str; 2]) -> [ActualCost; 2] {
    [(Direction::Input, input, prices[0]), (Direction::Output, output, prices[1])].map(
        |(direction, millions, price)| {
            let paid = usd(millions).times(price.parse().unwrap()).to_string();
            ActualCost { model: Some(model.to_owned()), ..tokens(direction, millions, &paid) }
        },
    )
}

fn february(sonnet: [&str; 2], haiku: [&str; 2]) -> Vec<Variance> {
    let mut actuals = billed(SONNET, sonnet[0], sonnet[1], ["2", "10"]).to_vec();
    actuals.extend(billed(HAIKU, haiku[0], haiku[1], ["1", "5"]));
    compare(&two_models(), &actuals, "2026-02-28")
}

fn of<'v>(rows: &'v [Variance], model: &str) -> &'v Variance {
    rows.iter().find(|row| row.model.as_deref() == Some(model)).unwrap()
}

#[test]
fn tokens_that_move_to_another_model_are_mix() {
    // 200 million input and 40 million output tokens from Sonnet (2 and 10: 800 dollars) to Haiku (1 and 5: 400).
    let rows = february(["300", "60"], ["700", "140"]);
    assert_eq!(of(&rows, SONNET).causes, Causes { mix: usd("-800"), ..Causes::default() });
    assert_eq!(of(&rows, HAIKU).causes, Causes { mix: usd("400"), ..Causes::default() });
}

#[test]
fn growth_of_everything_is_volume() {
    let rows = february(["650", "130"], ["650", "130"]);
    assert_eq!(of(&rows, SONNET).causes, Causes { volume: usd("600"), ..Causes::default() });
    assert_eq!(of(&rows, HAIKU).causes, Causes { volume: usd("300"), ..Causes::default() });
}

#[test]
fn growth_of_one_model_is_volume_and_mix() {
    // Sonnet doubles: the group grows by half, and Sonnet's share from 1/2 to 2/3. Per row the cost is volume x share:
    // Sonnet 2000 x (3/2 - 1) x (1 + 4/3)/2 = 1166.67 by volume, 2000 x (4/3 - 1) x (1 + 3/2)/2 = 833.33 by mix;
    // Haiku 1000 x 1/2 x (1 + 2/3)/2 = 416.67 by volume, and as much less by mix, since nothing of it changed.
    let rows = february(["1000", "200"], ["500", "100"]);
    let cents = |money: Money| money.cents().to_string();
    let (sonnet, haiku) = (of(&rows, SONNET), of(&rows, HAIKU));
    assert_eq!((cents(sonnet.causes.volume), cents(sonnet.causes.mix)), ("1166.67".into(), "833.33".into()));
    assert_eq!((cents(haiku.causes.volume), cents(haiku.causes.mix)), ("416.67".into(), "-416.67".into()));
    assert_eq!(haiku.amount, Money::ZERO);
    assert_eq!(haiku.causes.volume + haiku.causes.mix, Money::ZERO);
}

#[test]
fn a_model_that_is_not_used_loses_its_share() {
    // All of Sonnet's tokens go to Haiku.
    let mut actuals = billed(HAIKU, "1000", "200", ["1", "5"]).to_vec();
    let rows = compare(&two_models(), &actuals, "2026-02-28");
    assert_eq!(of(&rows, SONNET).causes, Causes { mix: usd("-2000"), ..Causes::default() });
    assert_eq!(of(&rows, HAIKU).causes, Causes { mix: usd("1000"), ..Causes::default() });
    // Nothing at all is a matter of volume.
    actuals.clear();
    let rows = compare(&two_models(), &actuals, "2026-02-28");
    assert_eq!(of(&rows, SONNET).causes, Causes { volume: usd("-2000"), ..Causes::default() });
}

#[test]
fn longer_answers_are_volume() {
    // Half as much output again, of both models: more tokens, not another mix of models.
    let rows = february(["500", "150"], ["500", "150"]);
    assert_eq!(of(&rows, SONNET).causes, Causes { volume: usd("500"), ..Causes::default() });
    assert_eq!(of(&rows, HAIKU).causes, Causes { volume: usd("250"), ..Causes::default() });
}

#[test]
fn hours_that_move_to_another_instance_type_are_mix() {
    let line = |name: &str| {
        format!("[[record.accelerators]]\ninstance_type = \"{name}\"\nchip_hours_per_run = 1600\nruns_per_month = 1\n")
    };
    let lines = line("trn1.32xlarge") + &line("trn1.2xlarge");
    let filing =
        FiledProjection::parse(&format!("filed_on = \"2026-02-01\"\n[[record]]\nid = \"ai\"\n{lines}")).unwrap();
    let rows = compare(&filing, &[], "2026-02-28");
    let filed = rows[0].projected;
    // 21.50 over 16 chips and 1.34375 for one: the same chip-hour, so moving hours costs nothing.
    assert_eq!(filed, usd("4300"));
    let moved = [chip_hours("trn1.32xlarge", "800", "1075"), chip_hours("trn1.2xlarge", "2400", "3225")];
    let rows = compare(&filing, &moved, "2026-02-28");
    assert_eq!(
        (rows[0].workload, rows[0].amount, &rows[0].causes),
        (Workload::Trainium, Money::ZERO, &Causes::default())
    );
    // The same move, with a discount of a tenth on everything: rate alone.
    let tenth_off = moved.map(|hours| ActualCost { cost: hours.cost.times(Decimal::new(9, 1)), ..hours });
    let rows = compare(&filing, &tenth_off, "2026-02-28");
    assert_eq!(rows[0].causes, Causes { price: usd("-430"), ..Causes::default() });
}

#[test]
fn hours_that_move_to_a_dearer_instance_type_are_mix_and_nothing_else() {
    let line = |name: &str| {
        format!("[[record.accelerators]]\ninstance_type = \"{name}\"\nchip_hours_per_run = 1600\nruns_per_month = 1\n")
    };
    let lines = line("trn1.32xlarge") + &line("trn1n.32xlarge");
    let filing =
        FiledProjection::parse(&format!("filed_on = \"2026-02-01\"\n[[record]]\nid = \"ai\"\n{lines}")).unwrap();
    // A chip-hour costs 21.50 / 16 on the first and 24.78 / 16 on the second; 800 of them move.
    let moved = [chip_hours("trn1.32xlarge", "800", "1075"), chip_hours("trn1n.32xlarge", "2400", "3717")];
    let rows = compare(&filing, &moved, "2026-02-28");
    assert_eq!((rows[0].projected, rows[0].amount), (usd("4628"), usd("164")));
    assert_eq!(rows[0].causes, Causes { mix: usd("164"), ..Causes::default() });
}

//! The price book: what it lists, what it does not and why, and what a user's own file changes.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use glidepath::domain::billing::classify::Classifier;
use glidepath::domain::billing::price::{PriceBook, PriceBookError, PriceOrigin, PriceQuery, UnitPrice, Unpriced};
use glidepath::domain::values::workload::{CacheLifetime, Direction, Routing, Tier};
use rust_decimal::Decimal;

const HEAD: &str = "read_on = \"2026-06-01\"\nsource = \"test\"\nbatch_factor = \"0.5\"\n";
const TODAY: &str = "2026-11-25";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn ask(model: &str, direction: Direction) -> PriceQuery<'_> {
    PriceQuery { model, direction, lifetime: None, tier: Tier::OnDemand, routing: Routing::Global }
}

fn figure(price: Result<UnitPrice, Unpriced>) -> String {
    price.map_or_else(|_| "-".to_owned(), |price| price.usd_per_million.to_string())
}

fn usd(book: &PriceBook, query: PriceQuery<'_>, on: &str) -> String {
    figure(book.lookup(query, day(on)))
}

/// Input / output / cache read / cache write for 5 minutes / for an hour.
fn list(book: &PriceBook, model: &str, routing: Routing) -> String {
    let hour = Some(CacheLifetime::OneHour);
    let of = |direction, lifetime| usd(book, PriceQuery { lifetime, routing, ..ask(model, direction) }, TODAY);
    [
        of(Direction::Input, None),
        of(Direction::Output, None),
        of(Direction::CacheRead, None),
        of(Direction::CacheWrite, None),
        of(Direction::CacheWrite, hour),
    ]
    .join(" / ")
}

/// Typed from AWS's public price pages by hand, apart from the table that the book was filled from.
#[test]
fn the_price_table_is_in_the_book() {
    let book = PriceBook::builtin();
    for (models, expected) in [
        (&["Claude Opus 5.5"][..], "4 / 20 / 0.2 / 5 / 8"),
        (
            &["Claude Opus 4.5", "Claude Opus 4.6", "Claude Opus 4.7", "Claude Opus 4.8", "Claude Opus 5"],
            "5 / 25 / 0.5 / 6.25 / 10",
        ),
        (&["Claude Opus 4", "Claude Opus 4.1"], "15 / 75 / 1.5 / 18.75 / -"),
        (&["Claude Sonnet 5.5"], "2 / 10 / 0.1 / 2.5 / 4"),
        (&["Claude Sonnet 5"], "2 / 10 / 0.2 / 2.5 / 4"),
        (&["Claude Sonnet 4", "Claude Sonnet 4.5", "Claude Sonnet 4.6"], "3 / 15 / 0.3 / 3.75 / 6"),
        (&["Claude Haiku 5.5"], "0.1 / 0.5 / 0.01 / 0.125 / 0.2"),
        (&["Claude Haiku 4.5"], "1 / 5 / 0.1 / 1.25 / 2"),
        (&["Claude Haiku 3.5"], "0.8 / 4 / 0.08 / 1 / -"),
        (&["Claude Fable 5"], "10 / 50 / 1 / 12.5 / 20"),
        (&["GPT-6 Astra"], "10 / 50 / 1 / 12.5 / -"),
        (&["GPT-6 Sol"], "2 / 10 / 0.2 / 2.5 / -"),
        (&["Nova Pro"], "0.8 / 3.2 / 0.2 / - / -"),
        (&["Nova 2 Lite"], "0.3 / 2.5 / 0.075 / - / -"),
        (&["Titan Text Embeddings V2"], "0.02 / - / - / - / -"),
        (&["Llama 3.3 70B"], "0.72 / 0.72 / - / - / -"),
        (&["Mistral Large 3"], "0.5 / 1.5 / - / - / -"),
        (&["DeepSeek R1"], "1.35 / 5.4 / - / - / -"),
        (&["gpt-oss-120b"], "0.15 / 0.6 / - / - / -"),
    ] {
        for model in models {
            assert_eq!(list(&book, model, Routing::Global), expected, "{model}");
        }
    }
    let in_region =
        |model| usd(&book, PriceQuery { routing: Routing::InRegion, ..ask(model, Direction::Input) }, TODAY);
    assert_eq!(["Claude Sonnet 5", "Claude Opus 5", "Claude Haiku 4.5"].map(in_region), ["2.2", "5.5", "1.1"]);
    assert_eq!(["Claude Opus 4.1", "Claude Haiku 3.5", "Nova Lite"].map(in_region), ["15", "0.8", "0.06"]);
}

/// A row of the community table.
struct Listed {
    model: String,
    routing: Routing,
    /// In the order of [`list`].
    prices: String,
    /// Batch input and output, where listed.
    batch: [Option<Decimal>; 2],
}

fn community_table() -> Vec<Listed> {
    let mut reader = csv::Reader::from_reader(include_str!("../fixtures/bedrock_token_prices.csv").as_bytes());
    let headers = reader.headers().unwrap().clone();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let cell = |name: &str| row[headers.iter().position(|header| header == name).unwrap()].to_owned();
        // Embeddings generate nothing: the table says 0 where there is no such price.
        let price = |name: &str| {
            let listed: Option<Decimal> = cell(name).parse().ok();
            listed.filter(|price| !price.is_zero()).map(|price| price.normalize())
        };
        let columns = ["input", "output", "cache_read", "cache_write", "cache_write_1h"];
        let shown = |name: &str| price(&format!("{name}_usd_per_mtok")).map_or("-".to_owned(), |usd| usd.to_string());
        Listed {
            model: cell("model"),
            routing: if cell("routing") == "global" { Routing::Global } else { Routing::InRegion },
            prices: columns.map(shown).join(" / "),
            batch: ["batch_input", "batch_output"].map(|name| price(&format!("{name}_usd_per_mtok"))),
        }
    });
    rows.collect()
}

#[test]
fn the_book_says_what_the_community_table_says() {
    let book = PriceBook::builtin();
    let mut seen = BTreeSet::new();
    for row in community_table() {
        let ours = list(&book, &row.model, row.routing);
        // Some profile rows leave out cache prices that the model's own row has; a price they do give must agree.
        let agrees =
            ours.split(" / ").zip(row.prices.split(" / ")).all(|(ours, theirs)| theirs == "-" || ours == theirs);
        assert!(agrees, "{} {:?}: book {ours}, table {}", row.model, row.routing, row.prices);
        if row.routing == Routing::Global && row.model != "Claude Sonnet 4" {
            assert_eq!(ours, row.prices, "{}", row.model);
        }
        for (direction, batch) in [Direction::Input, Direction::Output].into_iter().zip(row.batch) {
            let query = PriceQuery { tier: Tier::Batch, routing: row.routing, ..ask(&row.model, direction) };
            if let Some(batch) = batch {
                assert_eq!(usd(&book, query, TODAY), batch.to_string(), "{} batch {direction:?}", row.model);
            }
        }
        seen.insert(row.model);
    }
    assert_eq!(book.model_names().map(str::to_owned).collect::<BTreeSet<_>>(), seen, "every model has a row");
}

#[test]
fn every_name_of_the_book_is_one_that_the_bill_can_show() {
    let (book, classifier) = (PriceBook::builtin(), Classifier::builtin());
    for model in book.model_names() {
        assert_eq!(classifier.model_name(model), Some(model), "the classification tables do not know it");
    }
    let known: BTreeSet<&str> = classifier.instance_types().collect();
    for instance_type in book.instance_types() {
        let price = book.accelerator(instance_type, day(TODAY)).unwrap();
        if known.contains(instance_type) {
            let chips = classifier.accelerator(instance_type).unwrap().chips;
            assert_eq!(price.chips, chips, "{instance_type}");
        }
        assert_ne!(price.usd_per_hour.is_some(), price.unpriced_because.is_some(), "{instance_type}");
        assert_eq!(&*price.region, "us-east-1");
    }
}

#[test]
fn what_has_no_price_says_why() {
    let book = PriceBook::builtin();
    let why = |query: PriceQuery<'_>| book.lookup(query, day(TODAY)).unwrap_err().to_string();
    let sonnet = ask("Claude Sonnet 5", Direction::Output);
    for (query, expected) in [
        (
            ask("claude sonnet 5", Direction::Input),
            "claude sonnet 5 input is unpriced: the price book does not list the model",
        ),
        (
            ask("Titan Text Embeddings V2", Direction::Output),
            "Titan Text Embeddings V2 output is unpriced: the price book has no such price of this model",
        ),
        (
            ask("Nova Lite", Direction::CacheWrite),
            "Nova Lite cache write (5 min) is unpriced: the price book has no such price of this model",
        ),
        (
            PriceQuery { tier: Tier::Flex, ..sonnet },
            "Claude Sonnet 5 output is unpriced: no verified price of the flex tier is known",
        ),
        (
            PriceQuery { tier: Tier::Reserved, ..sonnet },
            "Claude Sonnet 5 output is unpriced: reserved capacity is paid by the hour, not by the token",
        ),
    ] {
        assert_eq!(why(query), expected);
    }
    let trn2 = book.accelerator("trn2.48xlarge", day(TODAY)).unwrap();
    assert_eq!((trn2.chips, trn2.usd_per_hour, trn2.cost("16".parse().unwrap())), (16, None, None));
    assert!(trn2.unpriced().unwrap().to_string().starts_with("trn2.48xlarge is unpriced: sold as Capacity Blocks"));
    assert_eq!(book.accelerator("trn1.32xlarge", day(TODAY)).unwrap().unpriced(), None);
}

#[test]
fn cache_writes_are_priced_by_lifetime() {
    let book = PriceBook::builtin();
    let write = |lifetime| usd(&book, PriceQuery { lifetime, ..ask("Claude Opus 4.7", Direction::CacheWrite) }, TODAY);
    assert_eq!(write(None), "6.25");
    assert_eq!(write(Some(CacheLifetime::FiveMinutes)), "6.25");
    assert_eq!(write(Some(CacheLifetime::OneHour)), "10");
    assert_eq!(write(Some(CacheLifetime::ThirtyMinutes)), "-");
}

#[test]
fn chip_hours_become_instance_hours_and_dollars() {
    let book = PriceBook::builtin();
    let trn1 = book.accelerator("trn1.32xlarge", day(TODAY)).unwrap();
    // 9,216 chip-hours on 16 chips are 576 instance hours; 576 x 21.50 = 12,384.
    assert_eq!(trn1.instance_hours("9216".parse().unwrap()).to_string(), "576");
    assert_eq!(trn1.cost("9216".parse().unwrap()).unwrap().to_string(), "12384");
}

#[test]
fn the_newest_entry_in_force_wins_and_the_first_reaches_back() {
    let text = format!(
        "{HEAD}[[model]]\nname = \"M\"\nfrom = \"2026-03-01\"\ninput = \"3\"\n[[model]]\nname = \"M\"\ninput = \"2\"\n"
    );
    let book = PriceBook::parse(&text).unwrap();
    let on = |on| usd(&book, ask("M", Direction::Input), on);
    assert_eq!(["2025-01-01", "2026-05-31", "2026-06-01"].map(on), ["3", "3", "2"]);
}

const OWN: &str = r#"
read_on = "2026-09-01"
source = "private pricing agreement 17"

[[model]]
name = "Claude Sonnet 5"
output = "9"
flex_factor = "0.6"

[[model]]
name = "Claude Opus 5"
from = "2026-07-01"
source = "invoice of July"
input = "4.5"

[[model]]
name = "House Llama"
input = "0.1"
output = "0.4"

[[accelerator]]
instance_type = "trn2.48xlarge"
usd_per_hour = "35.7608"
region = "ap-south-2"
"#;

#[test]
fn a_user_s_price_wins_where_it_says_something_and_is_shown_as_such() {
    let book = PriceBook::builtin().with_overrides(OWN).unwrap();
    let on = "2026-02-01";
    let get = |query: PriceQuery<'_>, on: &str| {
        let price = book.lookup(query, day(on)).unwrap();
        (price.usd_per_million.to_string(), price.origin, price.source.to_string())
    };
    let own = |usd: &str| (usd.to_owned(), PriceOrigin::Override, "private pricing agreement 17".to_owned());
    let sonnet = |direction| ask("Claude Sonnet 5", direction);
    assert_eq!(get(sonnet(Direction::Output), on), own("9"));
    let input = get(sonnet(Direction::Input), on);
    assert_eq!((input.0.as_str(), input.1), ("2", PriceOrigin::BuiltIn), "what the file does not mention stays");
    let batch_in_region = PriceQuery { tier: Tier::Batch, routing: Routing::InRegion, ..sonnet(Direction::Output) };
    assert_eq!(get(batch_in_region, on), own("4.95"), "the book's factors hold for it too");
    let flex = get(PriceQuery { tier: Tier::Flex, ..sonnet(Direction::Input) }, on);
    assert_eq!((flex.0.as_str(), flex.1), ("1.2", PriceOrigin::Override), "a factor of one's own makes it an override");
    // An entry with a day of its own holds from then and not before.
    let opus = |on| get(ask("Claude Opus 5", Direction::Input), on);
    assert_eq!((opus("2026-06-30").0, opus("2026-07-01").0), ("5".to_owned(), "4.5".to_owned()));
    assert_eq!(opus("2026-07-01").2, "invoice of July");
    assert_eq!(get(ask("House Llama", Direction::Output), on), own("0.4"));
    assert!(book.knows_model("House Llama") && book.model_names().any(|name| name == "House Llama"));
    let trn2 = book.accelerator("trn2.48xlarge", day(on)).unwrap();
    assert_eq!((trn2.chips, trn2.origin, &*trn2.region), (16, PriceOrigin::Override, "ap-south-2"));
    assert_eq!(trn2.cost("16".parse().unwrap()).unwrap().to_string(), "35.7608");
}

#[test]
fn unusable_files_say_every_reason_with_its_line() {
    let parse = |rest: &str| PriceBook::parse(&format!("{HEAD}{rest}")).unwrap_err();
    let lines = |error: &PriceBookError| error.problems.iter().map(|problem| problem.line).collect::<Vec<_>>();
    let several = parse(
        "[[model]]\nname = \"M\"\ninput = \"0\"\n[[model]]\nname = \"M\"\ninput = \"-2\"\n\
         [[accelerator]]\ninstance_type = \"x\"\n",
    );
    assert_eq!(lines(&several), [5, 8, 8, 11, 11], "{several}");
    let text = several.to_string();
    for words in [
        "of \"M\", input price is 0; it must be more than 0",
        "\"M\" is listed twice from 2026-06-01",
        "\"x\" has no number of chips",
        "\"x\" has neither usd_per_hour nor unpriced",
    ] {
        assert!(text.contains(words), "{text}");
    }
    let float = parse("[[model]]\nname = \"M\"\ninput = 0.1\n");
    assert_eq!(lines(&float), [6]);
    assert!(parse("[[model]]\nname = \"M\"\nprompt = \"1\"\n").to_string().contains("prompt"));
    let both = parse("[[accelerator]]\ninstance_type = \"x\"\nchips = 1\nusd_per_hour = \"1\"\nunpriced = \"no\"\n");
    assert!(both.to_string().contains("has a price and is called unpriced"), "{both}");
    let own = PriceBook::builtin().with_overrides(&format!("{HEAD}[[model]]\nname = \"M\"\ninput = \"0\"\n"));
    assert_eq!(lines(&own.unwrap_err()), [5]);
}

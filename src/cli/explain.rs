//! `glidepath explain`: what a message means and what to do. It is the page of the documentation, which is compiled in because it is
//! not at hand where the program runs.

use anyhow::Result;

use super::out::{self, outln};
use super::usage::Usage;
use crate::domain::wording::trouble::Trouble;

/// The page, with a heading of the second level for each.
const PAGE: &str = include_str!("../../docs/troubleshooting.md");

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the line `More:` of the message names, such as store-in-use, or the rule of an alert, such as cycle_failed [default: a
    /// list of them].
    heading: Option<String>,
}

/// Prints one part of the page, or what parts there are.
pub fn run(args: &Args) -> Result<()> {
    let Some(wanted) = &args.heading else {
        for trouble in Trouble::ALL {
            outln!("{}", trouble.anchor());
        }
        return Ok(());
    };
    let trouble = Trouble::named(wanted).ok_or_else(|| {
        Usage(format!("nothing is explained under {wanted:?}; `glidepath explain` lists what is, and docs/alerts.md has alerts on spend"))
    })?;
    out::block(part(trouble).unwrap_or_default());
    Ok(())
}

/// The heading of a trouble and what stands under it.
fn part(trouble: Trouble) -> Option<&'static str> {
    parts().find(|part| part.lines().next().map(anchor).as_deref() == Some(trouble.anchor()))
}

/// Each heading of the second level with what stands under it, without its marks.
fn parts() -> impl Iterator<Item = &'static str> {
    PAGE.split("\n## ").skip(1).map(str::trim_end)
}

/// The anchor of a heading: its words in small letters, joined by hyphens.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().chars().map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() });
    letters.filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_explains_each_trouble_and_nothing_else_in_the_order_of_the_list() {
        let headings: Vec<String> = parts().map(|part| anchor(part.lines().next().unwrap())).collect();
        assert_eq!(headings, Trouble::ALL.map(Trouble::anchor));
        for trouble in Trouble::ALL {
            let part = part(trouble).unwrap();
            assert!(part.contains("\nDo: "), "{} says what to do", trouble.anchor());
        }
    }

    #[test]
    fn every_rule_that_is_trouble_with_the_program_is_named_where_it_is_explained() {
        for rule in crate::domain::position::finding::Rule::ALL {
            let Some(trouble) = Trouble::of_rule(rule) else { continue };
            let name = format!("`{}`", rule.as_str());
            assert!(part(trouble).unwrap().contains(&name), "{} does not name the alert {name}", trouble.anchor());
        }
    }
}

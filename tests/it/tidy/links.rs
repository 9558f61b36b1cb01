//! Links between the pages: every relative one leads to a file that is there, and to a heading in it; and so does every source file
//! that a page names.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::rules::{TextFile, Violation};

/// Links of `pages` that lead nowhere. `exists` says whether a path of the package is there.
pub fn broken(pages: &[&TextFile], exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let anchors: BTreeMap<&str, Vec<String>> =
        pages.iter().map(|page| (page.path.as_str(), anchors(&page.text))).collect();
    let mut found = Vec::new();
    for page in pages {
        for (line, link) in links(&page.text) {
            let (path, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { page.path.clone() } else { resolved(&page.path, path) };
            if !exists(&target) {
                found.push(Violation::new(&page.path, line, format!("`{link}` leads to no file")));
                continue;
            }
            let Some((anchor, known)) = anchor.zip(anchors.get(target.as_str())) else { continue };
            if !known.iter().any(|it| it == anchor) {
                found.push(Violation::new(&page.path, line, format!("`{link}` leads to no heading of {target}")));
            }
        }
    }
    found
}

/// Source files that `pages` name and that are not there, neither at that path nor below `src/`.
pub fn lost_sources(pages: &[&TextFile], exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut found = Vec::new();
    for page in pages {
        for (event, range) in Parser::new_ext(&page.text, Options::ENABLE_TABLES).into_offset_iter() {
            let Event::Code(named) = event else { continue };
            let is_path = named.contains('/') && named.ends_with(".rs");
            if is_path && !exists(&named) && !exists(&format!("src/{named}")) {
                let line = page.text[..range.start].matches('\n').count() + 1;
                found.push(Violation::new(&page.path, line, format!("`{named}` is not there")));
            }
        }
    }
    found
}

/// Pages in the folder of `index` to which it has no link.
pub fn not_in_the_index(pages: &[&TextFile], index: &str) -> Vec<Violation> {
    let folder = index.rsplit_once('/').map_or("", |(folder, _)| folder);
    let Some(listed) = pages.iter().find(|page| page.path == index).map(|page| links(&page.text)) else {
        return vec![Violation::new(index, 1, "there is no index")];
    };
    let page_of = |link: &str| link.split('#').next().unwrap_or_default().to_owned();
    let listed: Vec<String> = listed.iter().map(|(_, link)| resolved(index, &page_of(link))).collect();
    let own = pages.iter().filter(|page| page.path != index && page.path.starts_with(&format!("{folder}/")));
    let lost = own.filter(|page| !listed.contains(&page.path));
    lost.map(|page| Violation::new(&page.path, 1, format!("{index} has no link to it"))).collect()
}

/// Links to files and headings of ours, each with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let of_ours = |link: &str| !link.contains("://") && !link.starts_with("mailto:");
    let mut found = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event
            && of_ours(&dest_url)
        {
            found.push((text[..range.start].matches('\n').count() + 1, dest_url.to_string()));
        }
    }
    found
}

/// The anchors of the headings, as the common hosts make them.
fn anchors(text: &str) -> Vec<String> {
    let (mut found, mut heading): (Vec<String>, Option<String>) = (Vec::new(), None);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                let before = times.entry(anchor.clone()).or_default();
                found.push(if *before == 0 { anchor } else { format!("{anchor}-{before}") });
                *before += 1;
            }
            _ => {}
        }
    }
    found
}

fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|it| if it == ' ' { '-' } else { it }).collect()
}

/// Where `link` leads from the page at `from`, as a path of the package.
fn resolved(from: &str, link: &str) -> String {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[test]
fn links_that_lead_nowhere_are_found_and_others_are_not() {
    let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
    let index = file("docs/README.md", "# Book\n\n[a](a.md#first-steps) [b](a.md#none)\n[c](gone.md)\n[d](#book)\n");
    let page = file("docs/a.md", "# A\n\n## First steps\n\n[up](../README.md) ![x](x.png) `[no](link.md)`\n");
    let lost = file("docs/lost.md", "| [in a table](a.md) |\n| --- |\n| [web](https://example.com/#x) |\n");
    let pages = [&index, &page, &lost];
    let there = ["docs/README.md", "docs/a.md", "docs/x.png", "README.md"];
    let found: Vec<String> = broken(&pages, |path| there.contains(&path)).iter().map(Violation::to_string).collect();
    assert_eq!(
        found,
        [
            "docs/README.md:3: `a.md#none` leads to no heading of docs/a.md",
            "docs/README.md:4: `gone.md` leads to no file",
        ]
    );
    let lost: Vec<String> = not_in_the_index(&pages, "docs/README.md").iter().map(Violation::to_string).collect();
    assert_eq!(lost, ["docs/lost.md:1: docs/README.md has no link to it"]);
}

#[test]
fn source_files_that_a_page_names_are_there() {
    let text = "As `domain/credit/ledger.rs` says, and `src/app.rs`; `ledger.rs` alone names none.\n\n`domain/ledger.rs` moved.\n";
    let page = TextFile { path: "docs/a.md".to_owned(), text: text.to_owned() };
    let there = ["src/domain/credit/ledger.rs", "src/app.rs"];
    let found = lost_sources(&[&page], |path| there.contains(&path));
    assert_eq!(
        found.iter().map(Violation::to_string).collect::<Vec<_>>(),
        ["docs/a.md:3: `domain/ledger.rs` is not there"]
    );
}

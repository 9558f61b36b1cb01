//! One mistake in a file is one problem, on its line, with the name that was meant: the example with everything switched on, each of
//! its keys wrong in turn.

use std::path::Path;

use glidepath::config::{Config, Problem};
use tempfile::TempDir;

use super::examples::{switched_on, with_its_files};

/// What is wrong with a text beside the example's files.
fn problems(folder: &TempDir, text: &str) -> Vec<Problem> {
    Config::parse(text, &folder.path().join("glidepath.toml")).map_or_else(|error| error.problems, |_| Vec::new())
}

/// The example, with all that it names there.
fn example() -> (TempDir, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let text = with_its_files(folder.path(), &switched_on());
    assert_eq!(problems(&folder, &text), [], "the example is sound");
    (folder, text.lines().map(str::to_owned).collect())
}

/// The lines that set something: number, key and value.
fn settings(lines: &[String]) -> impl Iterator<Item = (usize, &str, &str)> {
    (1..).zip(lines).filter_map(|(number, line)| {
        let (key, value) = line.split_once(" = ")?;
        (!key.starts_with('#')).then_some((number, key, value))
    })
}

fn with_line(lines: &[String], number: usize, line: &str) -> String {
    let changed = (1..).zip(lines).map(|(at, text)| if at == number { line } else { text });
    changed.map(|line| format!("{line}\n")).collect()
}

/// Two letters of a word in the wrong order.
fn slip(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = (0..letters.len() - 1).find(|at| letters[*at] != letters[at + 1]).unwrap();
    letters.swap(at, at + 1);
    letters.into_iter().collect()
}

#[test]
fn a_key_that_is_misspelt_is_one_problem_with_its_line_and_the_right_name() {
    let (folder, lines) = example();
    let mut failures = Vec::new();
    let mut tried = 0;
    for (number, key, value) in settings(&lines).filter(|(_, key, _)| !key.starts_with('"')) {
        tried += 1;
        let wrong = slip(key);
        let found = problems(&folder, &with_line(&lines, number, &format!("{wrong} = {value}")));
        let as_wished = |problem: &Problem| {
            problem.line == Some(number)
                && problem.did_you_mean.as_deref() == Some(key)
                && problem.message == format!("there is no key {wrong:?} here; did you mean {key:?}?")
        };
        if !matches!(&found[..], [one] if as_wished(one)) {
            failures.push(format!("line {number}, {wrong} for {key}: {found:#?}"));
        }
    }
    assert!(tried > 90, "only {tried}");
    assert!(failures.is_empty(), "{} of {tried}:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_value_of_another_kind_is_one_problem_on_its_line() {
    let (folder, lines) = example();
    let mut failures = Vec::new();
    for (number, key, _) in settings(&lines) {
        // A number with a decimal point is nowhere a value, and text in its place nearly nowhere one.
        let found = problems(&folder, &with_line(&lines, number, &format!("{key} = 1.5")));
        if !matches!(&found[..], [one] if one.line == Some(number)) {
            failures.push(format!("line {number}, {key}: {found:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_section_that_is_misspelt_is_one_problem_with_its_line_and_the_right_name() {
    let (folder, lines) = example();
    for (number, line) in (1..).zip(&lines).filter(|(_, line)| line.starts_with('[')) {
        let name = line.trim_matches(['[', ']']);
        let (above, last) = name.rsplit_once('.').map_or(("", name), |(above, last)| (above, last));
        let point = if above.is_empty() { "" } else { "." };
        let wrong = line.replace(name, &format!("{above}{point}{}", slip(last)));
        // Each of several entries alone is misspelt only where the others are, so that there is one section of that name.
        let text: String =
            lines.iter().map(|text| if text == line { format!("{wrong}\n") } else { format!("{text}\n") }).collect();
        let found = problems(&folder, &text);
        let [one] = &found[..] else { panic!("{wrong}: {found:#?}") };
        assert_eq!(one.did_you_mean.as_deref(), Some(last), "{wrong}: {one}");
        assert!(one.line.is_some_and(|at| at <= number), "{wrong}: {one}");
    }
}

#[test]
fn a_value_close_to_a_name_that_there_is_brings_that_name() {
    for (text, line, meant) in [
        ("[[channel]]\nname = \"a\"\ntype = \"slak\"\n", 5, "slack"),
        ("[[channel]]\nname = \"a\"\ntype = \"log\"\nmin_severity = \"waring\"\n", 6, "warning"),
        ("[[channel]]\nname = \"a\"\ntype = \"log\"\nrules = [\"exhaution\"]\n", 6, "exhaustion"),
        ("[alerts]\nnext_award = \"ai-recrod\"\n", 4, "ai-record"),
        ("[alerts]\nnext_award_route = \"parnter\"\n", 4, "partner"),
        ("[[pool]]\nid = \"p\"\nprogramme = \"activate-portofolio\"\n", 5, "activate-portfolio"),
        (
            "[[channel]]\nname = \"team\"\ntype = \"log\"\n[[report]]\nname = \"b\"\nschedule = \"0 0 8 1 * *\"\nchannels = [\"taem\"]\n",
            9,
            "team",
        ),
        (
            "[[channel]]\nname = \"team\"\ntype = \"log\"\n[[report]]\nname = \"b\"\nschedule = \"0 0 8 1 * *\"\n\
             channels = [\"team\"]\nkind = \"funding-pakc\"\n",
            10,
            "funding-pack",
        ),
        ("[[http.tokens]]\nname = \"a\"\ntoken = { env = \"PATH\" }\nrole = \"funder\"\n", 6, "founder"),
    ] {
        let found = super::parse(text).unwrap_err().problems;
        let [one] = &found[..] else { panic!("{text}: {found:#?}") };
        assert_eq!((one.line, one.did_you_mean.as_deref()), (Some(line), Some(meant)), "{one}");
        assert!(one.to_string().starts_with(&format!("line {line}, ")), "{one}");
    }
}

#[test]
fn a_file_that_breaks_off_is_one_problem() {
    let whole = "[store]\npath = \"glidepath.duckdb\"\n[http]\nlisten = \"127.0.0.1:8437\"\n";
    for length in 0..whole.len() {
        let text = &whole[..length];
        let Err(error) = Config::parse(text, Path::new("glidepath.toml")) else { continue };
        assert_eq!(error.problems.len(), 1, "{text:?}: {error}");
    }
}

#[test]
fn the_path_without_the_line_of_its_section_is_one_problem() {
    let error = Config::parse("path = \"x\"\n", Path::new("glidepath.toml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "glidepath.toml has 1 problem:\n  - line 1, path: stands in no section: write a line [store] above it"
    );
}

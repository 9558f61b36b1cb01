//! Reads the sources and fails on what the compiler does not check: who imports whom, where money, time and SQL may be
//! touched, and what must not be left lying about. `docs/architecture.md` has the reasons.

mod links;
mod rules;
mod source;
mod structure;

use std::{fs, path::Path};

use rules::{TextFile, Violation};
use source::Source;
use structure::Structure;

use crate::support::places::package_root;

/// Folders and files that people write by hand; recorded data and snapshots are not judged.
const READ: &[&str] = &["src", "tests", "benches", "config", "dashboards", "deploy", "docs", "packaging", ".ci"];
const READ_AT_TOP: &[&str] = &[
    "Cargo.toml",
    "Dockerfile",
    ".dockerignore",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "deny.toml",
    "rustfmt.toml",
];
// Caddy wants tabs in its own files.
const NOT_JUDGED: &[&str] = &["tests/fixtures/", "snapshots/", "__pycache__/", "Caddyfile"];

#[test]
fn the_sources_keep_the_rules() {
    let package = Package::read(package_root());
    assert!(package.sources.len() > 10, "found only {} sources: is the folder right?", package.sources.len());
    let violations = package.violations();
    let list: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert!(list.is_empty(), "{} places break a rule:\n{}", list.len(), list.join("\n"));
}

/// Everything in the package that is judged.
struct Package {
    sources: Vec<Source>,
    texts: Vec<TextFile>,
}

impl Package {
    fn read(root: &Path) -> Package {
        let mut texts = Vec::new();
        for folder in READ {
            read_folder(root, folder, &mut texts);
        }
        for file in READ_AT_TOP {
            read_file(root, file, &mut texts);
        }
        texts.retain(|file| !NOT_JUDGED.iter().any(|part| file.path.contains(part)));
        let rust = texts.iter().filter(|file| file.path.ends_with(".rs"));
        let mut sources = rust.map(|file| Source::new(&file.path, &file.text)).collect::<Vec<_>>();
        mark_test_modules(&mut sources);
        Package { sources, texts }
    }

    fn violations(&self) -> Vec<Violation> {
        let modules = self.top_level_modules();
        let dockerignore = self.text_of(".dockerignore");
        let kept: Vec<&str> = dockerignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
        let mut found = Vec::new();
        for source in &self.sources {
            if source.path.starts_with("src/") {
                found.extend(rules::imports(source, &modules));
                found.extend(rules::outside_crates(source));
                found.extend(rules::missing_from_image(source, &kept));
            }
            for rule in [
                rules::floats,
                rules::sql,
                rules::clock,
                rules::unwraps,
                rules::sleeps,
                rules::prints,
                rules::leftovers,
            ] {
                found.extend(rule(source));
            }
        }
        found.extend(self.texts.iter().flat_map(rules::text));
        found.extend(rules::CORE_MANIFESTS.iter().flat_map(|path| rules::core_manifest(path, self.text_of(path))));
        let structure = Structure::of(self.sources.iter());
        found.extend(structure.upwards());
        found.extend(structure.circles());
        found.extend(self.unlisted_migrations());
        found.extend(self.unused_config());
        let pages: Vec<&TextFile> = self.texts.iter().filter(|file| file.path.ends_with(".md")).collect();
        found.extend(links::broken(&pages, |path| package_root().join(path).exists()));
        found.extend(links::lost_sources(&pages, |path| package_root().join(path).exists()));
        found.extend(links::not_in_the_index(&pages, "docs/README.md"));
        found.sort();
        found.dedup();
        found
    }

    fn top_level_modules(&self) -> Vec<String> {
        let ours = self.sources.iter().filter(|source| source.path.starts_with("src/"));
        ours.map(|source| source.module().to_owned()).collect()
    }

    fn unlisted_migrations(&self) -> Vec<Violation> {
        let runner = self.sources.iter().filter(|source| source.path.starts_with("src/store/"));
        rules::unmentioned(&self.paths("src/store/migrations/", ".sql"), runner.flat_map(Source::lines))
    }

    fn unused_config(&self) -> Vec<Violation> {
        let files: Vec<String> = self.paths("config/", "").into_iter().filter(|path| !path.ends_with(".md")).collect();
        let readers = self.texts.iter().filter(|file| !file.path.starts_with("config/"));
        rules::unmentioned(&files, readers.map(|file| file.text.as_str()))
    }

    fn paths(&self, prefix: &str, suffix: &str) -> Vec<String> {
        let ours = self.texts.iter().filter(|file| file.path.starts_with(prefix) && file.path.ends_with(suffix));
        ours.map(|file| file.path.clone()).collect()
    }

    fn text_of(&self, path: &str) -> &str {
        self.texts.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str())
    }
}

fn mark_test_modules(sources: &mut [Source]) {
    let ours = sources.iter().filter(|source| source.path.starts_with("src/"));
    let test_modules: Vec<String> = ours.flat_map(Source::test_modules).collect();
    for source in sources {
        let path = source.module_path().join("/");
        if test_modules.iter().any(|module| path == *module || path.starts_with(&format!("{module}/"))) {
            source.mark_as_test();
        }
    }
}

/// Sorted by name, so that findings come in the same order everywhere. Files that are no text are passed over.
fn read_folder(root: &Path, folder: &str, texts: &mut Vec<TextFile>) {
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return };
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in names {
        let path = format!("{folder}/{name}");
        if root.join(&path).is_dir() {
            read_folder(root, &path, texts);
        } else {
            read_file(root, &path, texts);
        }
    }
}

fn read_file(root: &Path, path: &str, texts: &mut Vec<TextFile>) {
    if let Ok(text) = fs::read_to_string(root.join(path)) {
        texts.push(TextFile { path: path.to_owned(), text });
    }
}

/// Each rule against a snippet that breaks it and one that does not.
mod catches {
    use super::{Source, Structure, TextFile, Violation, rules};

    fn lines(violations: &[Violation]) -> Vec<usize> {
        violations.iter().map(|violation| violation.line).collect()
    }

    fn imports(path: &str, text: &str) -> Vec<String> {
        let modules = ["domain", "aws", "store", "report", "cycle", "http", "app"].map(str::to_owned);
        rules::imports(&Source::new(path, text), &modules).iter().map(Violation::to_string).collect()
    }

    #[test]
    fn an_import_against_the_table() {
        let wrong = "use crate::domain::values::money::Money;\nuse crate::store::Store;\n";
        assert_eq!(imports("src/aws/credits.rs", wrong), ["src/aws/credits.rs:2: `aws` may not import `store`"]);
        assert!(imports("src/cycle.rs", wrong).is_empty());
        assert!(imports("src/app.rs", "use crate::http;").is_empty());
        assert_eq!(imports("src/main.rs", "use glidepath::store;").len(), 1);
        assert_eq!(imports("src/new/mod.rs", "").len(), 1, "a module without a row");
    }

    #[test]
    fn an_import_in_any_spelling() {
        let spellings = [
            "use crate::{\n    domain::{money, period},\n    store::Store,\n};",
            "use crate::{domain, store};",
            "fn f() { let x = crate::store::open(); }",
            "use super::store;",
            "use super::{domain, store};",
        ];
        for text in spellings {
            assert_eq!(imports("src/aws/mod.rs", text).len(), 1, "{text}");
        }
        assert_eq!(imports("src/aws/credits.rs", "use super::super::store;").len(), 1);
        assert!(imports("src/aws/credits.rs", "use super::store;").is_empty(), "aws::store is its own");
        assert!(imports("src/aws/mod.rs", "use crate::domain::{store, http::x};").is_empty(), "names below domain");
    }

    #[test]
    fn no_import_in_comments_strings_and_tests() {
        let text = "//! [`crate::store`]\n/* crate::store /* nested */ crate::store */\n\
            const A: &str = \"crate::store\";\nconst B: &str = r#\"crate::\"store\"#;\nconst C: char = '\"';\n\
            #[cfg(test)]\nmod tests {\n    use crate::store::Store;\n}\n";
        assert!(imports("src/aws/mod.rs", text).is_empty());
        let after = format!("{text}use crate::store;\n");
        assert_eq!(imports("src/aws/mod.rs", &after), ["src/aws/mod.rs:10: `aws` may not import `store`"]);
    }

    #[test]
    fn a_crate_outside_its_owner_and_effects_in_the_domain() {
        let found = |path: &str, text: &str| lines(&rules::outside_crates(&Source::new(path, text)));
        assert_eq!(found("src/http/mod.rs", "use duckdb::Connection;"), [1]);
        assert_eq!(found("src/report/mod.rs", "\nfn f(c: &aws_sdk_sts::Client) {}"), [2]);
        assert!(found("src/store/mod.rs", "use duckdb::Connection;").is_empty());
        let domain = "use chrono::NaiveDate;\nuse std::fs;\nasync fn f() {}\nuse std::fmt;";
        assert_eq!(found("src/domain/money.rs", domain), [2, 3]);
        let manifest = "[dependencies]\nchrono.workspace = true\ntokio = \"1\"\n[dev-dependencies]\ntempfile = \"3\"\n";
        let impure: Vec<_> =
            rules::core_manifest("src/domain/Cargo.toml", manifest).iter().map(ToString::to_string).collect();
        assert_eq!(impure, ["src/domain/Cargo.toml:1: the domain is pure: no `tokio`"]);
    }

    #[test]
    fn floats_clocks_sql_and_unwraps_out_of_place() {
        let text = "fn f(x: f64) {}\nlet t = Utc::now();\nlet q = \"SELECT day FROM charges\";\nx.unwrap();\n";
        let wrong = Source::new("src/report/model.rs", text);
        assert_eq!(lines(&rules::floats(&wrong)), [1]);
        assert_eq!(lines(&rules::clock(&wrong)), [2]);
        assert_eq!(lines(&rules::sql(&wrong)), [3]);
        assert_eq!(lines(&rules::unwraps(&wrong)), [4]);
        assert!(rules::floats(&Source::new("src/report/charts.rs", text)).is_empty());
        assert!(rules::clock(&Source::new("src/app.rs", text)).is_empty());
        assert!(rules::sql(&Source::new("src/store/read.rs", text)).is_empty());
        let in_tests = Source::new("src/report/model.rs", &format!("#[cfg(test)]\nmod tests {{\n{text}}}\n"));
        for rule in [rules::floats, rules::clock, rules::sql, rules::unwraps] {
            assert!(rule(&in_tests).is_empty());
        }
    }

    #[test]
    fn nothing_in_a_file_that_only_tests_compile() {
        let parent = Source::new("src/domain/alert/mod.rs", "mod decide;\n#[cfg(test)]\nmod fixture;\n");
        let text = "x.unwrap();\n";
        let files = ["src/domain/alert/fixture.rs", "src/domain/alert/decide.rs", "src/fixture.rs"];
        let mut sources = vec![parent];
        sources.extend(files.map(|path| Source::new(path, text)));
        super::mark_test_modules(&mut sources);
        let found: Vec<&str> =
            sources.iter().filter(|one| !rules::unwraps(one).is_empty()).map(|one| one.path.as_str()).collect();
        assert_eq!(found, ["src/domain/alert/decide.rs", "src/fixture.rs"]);
    }

    #[test]
    fn sql_but_not_english() {
        let found = |text: &str| rules::sql(&Source::new("src/cli/x.rs", &format!("let x = \"{text}\";"))).len();
        assert_eq!(found("insert into charges values (1)"), 1);
        assert_eq!(found("WITH a AS (SELECT 1\\n FROM b)"), 1);
        assert_eq!(found("UPDATE charges SET cost = 0"), 1);
        assert_eq!(found("select a pool from the list"), 0);
        assert_eq!(found("nothing to delete from the store"), 0);
    }

    #[test]
    fn printing_past_the_one_place_that_escapes() {
        let text =
            "println!(\"{name}\");\nstd::io::stderr().write_all(name)\n// eprintln!(\"{name}\")\noutln!(\"{name}\");\n";
        assert_eq!(lines(&rules::prints(&Source::new("src/cli/status.rs", text))), [1, 2]);
        assert!(rules::prints(&Source::new("src/cli/out.rs", text)).is_empty());
        assert!(rules::prints(&Source::new("tests/it/cli.rs", text)).is_empty());
    }

    #[test]
    fn a_sleep_in_a_test_only() {
        let text = "tokio::time::sleep(pause).await;\n";
        assert_eq!(lines(&rules::sleeps(&Source::new("tests/wire.rs", text))), [1]);
        let inside = format!("#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_eq!(lines(&rules::sleeps(&Source::new("src/aws/mod.rs", &inside))), [3]);
        assert!(rules::sleeps(&Source::new("src/aws/mod.rs", text)).is_empty());
    }

    #[test]
    fn leftovers_and_lengths() {
        let found = |path: &str, text: &str| lines(&rules::leftovers(&Source::new(path, text)));
        let open = concat!("\n// TO", "DO: later\nlet x = dbg!(1);\n#[allow(dead_code)]\nfn f() {}\n");
        assert_eq!(found("src/app.rs", open), [2, 3, 4]);
        assert_eq!(found("src/app.rs", &format!("// {}\n", "x".repeat(138))), [1]);
        assert!(found("src/app.rs", &format!("// {}\n", "ä".repeat(137))).is_empty());
        assert_eq!(found("src/app.rs", &"\n".repeat(601)), [601]);
        assert!(found("src/app.rs", &"\n".repeat(600)).is_empty());
        assert!(found("tests/long.rs", &"\n".repeat(601)).is_empty());
    }

    #[test]
    fn a_storey_that_uses_one_above_it() {
        let found = |files: &[(&str, &str)]| {
            let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
            Structure::of(sources.iter()).upwards().iter().map(Violation::to_string).collect::<Vec<_>>()
        };
        let room = ("src/domain/alert/mod.rs", "mod rules;\npub use rules::Found;\n");
        let rules = ("src/domain/alert/rules.rs", "pub struct Found;\n");
        let upwards = "src/domain/credit/pool.rs:2: `credit` stands below `alert` and may not use it";
        for spelling in
            ["use crate::alert::Found;", "use super::super::alert::Found;", "fn f(it: crate::alert::Found) {}"]
        {
            let text = format!("\n{spelling}\n");
            assert_eq!(found(&[room, rules, ("src/domain/credit/pool.rs", &text)]), [upwards], "{spelling}");
        }
        let downwards = ("src/domain/alert/rules.rs", "use crate::credit::{self, pool::Pool};\n");
        let pool = ("src/domain/credit/pool.rs", "#[cfg(test)]\nmod tests {\n    use crate::alert::Found;\n}\n");
        assert!(found(&[room, downwards, pool]).is_empty());
        assert_eq!(found(&[("src/domain/attic/mod.rs", "")]).len(), 1, "a folder that is no storey");
    }

    #[test]
    fn files_that_use_each_other_in_a_circle() {
        let found = |files: &[(&str, &str)]| {
            let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
            Structure::of(sources.iter()).circles().iter().map(Violation::to_string).collect::<Vec<_>>()
        };
        let both = [("src/http/a.rs", "use super::b::B;\n"), ("src/http/b.rs", "use super::a::A;\n")];
        let said = "src/http/a.rs:1: these use each other in a circle: src/http/a.rs, src/http/b.rs";
        assert_eq!(found(&both), [said]);
        let parent = ("src/http/mod.rs", "mod a;\nmod b;\npub use a::A;\npub use self::b::B;\n");
        let handed_on = [parent, ("src/http/a.rs", "use super::B;\n"), ("src/http/b.rs", "use crate::http::A;\n")];
        assert_eq!(found(&handed_on), [said], "through a file that hands both out");
        assert!(found(&[parent, ("src/http/a.rs", "use super::B;\n"), ("src/http/b.rs", "")]).is_empty());
        let of_parent = "mod a;\npub use a::A;\npub struct Own(A);\n";
        let parent_and_child = [("src/http/mod.rs", of_parent), ("src/http/a.rs", "use super::Own;\n")];
        assert_eq!(found(&parent_and_child).len(), 1, "a file and the one that lists it");
        let calls = "mod a;\npub struct Own;\nfn f() { a::g() }\n";
        assert_eq!(found(&[("src/http/mod.rs", calls), parent_and_child[1]]).len(), 1, "by a path without `use`");
        assert!(found(&[("src/http/a.rs", "use super::b;\n"), ("src/http/b.rs", "fn f() {}\n")]).is_empty());
    }

    #[test]
    fn tabs_and_paths_of_one_machine() {
        let text = concat!("fine\n\tindented\ncp /ro", "ot/x\nls /wo", "rk/y\nhttps://example.com/works\n");
        let found = rules::text(&TextFile { path: "docs/x.md".to_owned(), text: text.to_owned() });
        assert_eq!(lines(&found), [2, 3, 4]);
    }

    #[test]
    fn a_file_that_nothing_names() {
        let files = ["config/a.toml", "config/iam/b.json"].map(str::to_owned);
        let found = rules::unmentioned(&files, ["include_str!(\"../config/a.toml\")"].into_iter());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "config/iam/b.json");
    }

    #[test]
    fn a_file_that_the_image_would_lack() {
        let text = "const A: &str = include_str!(\"../../config/a.toml\");\nconst B: &str = include_str!(\"b.sql\");\n";
        let source = Source::new("src/domain/a.rs", text);
        assert!(rules::missing_from_image(&source, &["src", "config"]).is_empty());
        assert_eq!(lines(&rules::missing_from_image(&source, &["src"])), [1]);
    }
}

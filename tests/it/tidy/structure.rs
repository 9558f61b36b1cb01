//! Which file uses which, by the paths in the sources: the storeys of the core stand on each other in one order, and no files use
//! each other in a circle.
//!
//! A `mod.rs` that hands out the names of its children uses none of them by that: a path through it leads to the file in which the
//! name is defined. Code that only tests compile is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::Violation;
use super::source::{Source, Token};

/// The storeys of the core from the bottom to the top. Each uses only those that stand before it.
pub const STOREYS: &[&str] = &[
    "values", "facts", "forecast", "billing", "credit", "outlook", "filing", "plan", "whatif", "position", "alert",
    "wording",
];
/// The folder of the core.
const CORE: &str = "domain";
/// Lists its lower storeys, which are a package of their own.
const LOWER: &str = "src/domain/core.rs";
/// Folders that are packages of their own, in which `crate` leads to the folder.
const PACKAGES: &[&str] = &[CORE, "demo", "report", "store"];
/// Hops through files that hand a name on.
const MOST_HOPS: usize = 8;

type Path = Vec<String>;

/// A `use`, or a path in the code.
struct Named {
    line: usize,
    path: Path,
    /// The name that it hands out, where it does.
    handed_out: Option<String>,
}

/// The files of a package and which of them use which.
pub struct Structure {
    /// By module, the file.
    files: BTreeMap<Path, String>,
    /// By module, the modules that it uses and the line of the first such path.
    uses: BTreeMap<Path, BTreeMap<Path, usize>>,
}

impl Structure {
    /// Of the sources of the program, without tests.
    pub fn of<'s>(sources: impl Iterator<Item = &'s Source> + Clone) -> Structure {
        let ours = sources.filter(|source| source.path.starts_with("src/") && !source.is_test_file());
        let files: BTreeMap<Path, String> = ours.clone().map(|it| (module(it), it.path.clone())).collect();
        let named: BTreeMap<Path, (Vec<Named>, Vec<Token>)> =
            ours.map(|source| (module(source), (named(source, &files), source.product_tokens()))).collect();
        let handed_out: BTreeMap<(Path, String), Path> = named
            .iter()
            .flat_map(|(module, (all, _))| all.iter().map(move |it| (module, it)))
            .filter_map(|(module, it)| Some(((module.clone(), it.handed_out.clone()?), it.path.clone())))
            .collect();
        let mut uses: BTreeMap<Path, BTreeMap<Path, usize>> = BTreeMap::new();
        for (module, (all, tokens)) in &named {
            for it in all {
                if it.handed_out.as_ref().is_some_and(|name| !is_used(name, tokens)) {
                    continue;
                }
                let target = home(&it.path, &files, &handed_out);
                if let Some(target) = target.filter(|target| target != module) {
                    uses.entry(module.clone()).or_default().entry(target).or_insert(it.line);
                }
            }
        }
        Structure { files, uses }
    }

    /// Paths from a storey of the core to one that stands above it.
    pub fn upwards(&self) -> Vec<Violation> {
        let storey = |module: &Path| {
            let name = module.get(1).filter(|_| module[0] == CORE)?;
            STOREYS.iter().position(|storey| storey == name)
        };
        let mut found = Vec::new();
        for (module, path) in &self.files {
            if module.len() > 1 && module[0] == CORE && storey(module).is_none() && path != LOWER {
                let message = format!("`{}` is no storey of the core (tests/it/tidy/structure.rs)", module[1]);
                found.push(Violation::new(path, 1, message));
            }
        }
        for (module, used) in &self.uses {
            for (target, line) in used {
                if let Some((here, there)) = storey(module).zip(storey(target)).filter(|(here, there)| there > here) {
                    let message = format!("`{}` stands below `{}` and may not use it", STOREYS[here], STOREYS[there]);
                    found.push(Violation::new(&self.files[module], *line, message));
                }
            }
        }
        found
    }

    /// Files that use each other in a circle.
    pub fn circles(&self) -> Vec<Violation> {
        let mut left: BTreeSet<&Path> = self.files.keys().collect();
        // A file that uses none of the others stands in no circle, and neither does one that uses only such files.
        loop {
            let ends = |module: &&&Path| {
                self.uses.get(**module).is_none_or(|used| used.keys().all(|target| !left.contains(target)))
            };
            let loose: Vec<&Path> = left.iter().filter(ends).copied().collect();
            if loose.is_empty() {
                break;
            }
            loose.iter().for_each(|module| {
                left.remove(*module);
            });
        }
        let Some(first) = left.first().copied() else { return Vec::new() };
        let mut walk = vec![first];
        loop {
            let here = walk[walk.len() - 1];
            let next = self.uses[here].keys().find(|target| left.contains(target)).expect("it uses one that is left");
            if let Some(start) = walk.iter().position(|module| *module == next) {
                let names: Vec<&str> = walk[start..].iter().map(|module| self.files[*module].as_str()).collect();
                let message = format!("these use each other in a circle: {}", names.join(", "));
                return vec![Violation::new(names[0], self.uses[here][next], message)];
            }
            walk.push(next);
        }
    }
}

fn module(source: &Source) -> Path {
    source.module_path().iter().map(|&part| part.to_owned()).collect()
}

/// True if a name that is handed out is also used in the file itself, apart from where modules and names are listed.
fn is_used(name: &str, tokens: &[Token]) -> bool {
    let mut listed = false;
    let mut found = false;
    for token in tokens {
        match token.text.as_str() {
            "use" | "mod" => listed = true,
            ";" => listed = false,
            text => found |= !listed && text == name,
        }
    }
    found
}

/// The module in which what `path` names is defined; `None` if that is none of ours.
fn home(path: &Path, files: &BTreeMap<Path, String>, handed_out: &BTreeMap<(Path, String), Path>) -> Option<Path> {
    let mut path = path.clone();
    for _ in 0..MOST_HOPS {
        let length = (1..=path.len()).rev().find(|length| files.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(length);
        let on = rest.first().and_then(|name| handed_out.get(&(module.to_vec(), name.clone())));
        match on {
            Some(on) => path = [on.as_slice(), &rest[1..]].concat(),
            None => return Some(module.to_vec()),
        }
    }
    None
}

/// Every path in a file that may lead to one of `files`.
fn named(source: &Source, files: &BTreeMap<Path, String>) -> Vec<Named> {
    let tokens = source.product_tokens();
    let here = module(source);
    let is_child = |name: &str| files.contains_key(&[here.as_slice(), &[name.to_owned()]].concat());
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
        let starts = at == 0 || text(at - 1) != "::";
        if text(at) == "use" && starts {
            let end = (at..tokens.len()).find(|end| text(*end) == ";").unwrap_or(tokens.len());
            let hands_out = at > 0 && matches!(text(at - 1), "pub" | ")");
            let mut paths = Vec::new();
            tree(&tokens[at + 1..end], &mut Vec::new(), &mut paths);
            for (path, alias) in paths {
                let Some(path) = absolute(&path, &here, files) else { continue };
                let name = alias.or_else(|| path.last().cloned()).filter(|_| hands_out);
                found.push(Named { line: tokens[at].line, path, handed_out: name });
            }
            at = end;
        } else if starts && text(at + 1) == "::" && (matches!(text(at), "crate" | "super") || is_child(text(at))) {
            let mut path = vec![text(at).to_owned()];
            let mut next = at + 1;
            while text(next) == "::" && !matches!(text(next + 1), "<" | "{" | "*") {
                path.push(text(next + 1).to_owned());
                next += 2;
            }
            let line = tokens[at].line;
            found.extend(absolute(&path, &here, files).map(|path| Named { line, path, handed_out: None }));
            at = next;
            continue;
        }
        at += 1;
    }
    found
}

/// The paths of a `use`, each with the name that it is given.
fn tree(tokens: &[Token], before: &mut Path, found: &mut Vec<(Path, Option<String>)>) {
    let mut at = 0;
    let mut path = before.clone();
    let mut alias = None;
    let end = |path: &mut Path, alias: &mut Option<String>, found: &mut Vec<(Path, Option<String>)>| {
        if path.len() > before.len() {
            found.push((std::mem::replace(path, before.clone()), alias.take()));
        }
    };
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "::" => {}
            "," => end(&mut path, &mut alias, found),
            "as" => {
                at += 1;
                alias = tokens.get(at).map(|token| token.text.clone());
            }
            "{" => {
                let mut depth = 0;
                let close = (at..tokens.len()).find(|close| {
                    match tokens[*close].text.as_str() {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    depth == 0
                });
                let close = close.unwrap_or(tokens.len());
                tree(&tokens[at + 1..close], &mut path, found);
                path.clone_from(before);
                at = close;
            }
            // `a::{self}` names `a`.
            "self" if !path.is_empty() => {
                found.push((path.clone(), None));
                path.clone_from(before);
            }
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    end(&mut path, &mut alias, found);
}

/// A path from the root of `src/`; `None` if it leads to another package.
fn absolute(path: &[String], here: &Path, files: &BTreeMap<Path, String>) -> Option<Path> {
    let first = path.first()?.as_str();
    let mut rest = &path[1..];
    let mut base: Path = match first {
        // The other packages know the core by this name too.
        "crate" if rest.first().is_some_and(|next| next == CORE) => Vec::new(),
        "crate" => here.iter().take(1).filter(|first| PACKAGES.contains(&first.as_str())).cloned().collect(),
        "self" => here.clone(),
        "super" => {
            let mut base = here.clone();
            base.pop();
            while rest.first().is_some_and(|next| next == "super") {
                base.pop();
                rest = &rest[1..];
            }
            base
        }
        child => {
            let inside = [here.as_slice(), &[child.to_owned()]].concat();
            return files.contains_key(&inside).then(|| [inside.as_slice(), rest].concat());
        }
    };
    base.extend(rest.iter().cloned());
    Some(base)
}

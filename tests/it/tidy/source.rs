//! A Rust file as the rules see it: code, strings and comments apart, and which lines only tests compile.
//!
//! This is a scanner, not a parser: it knows just enough of Rust's lexical rules to not take a comment or a string for
//! code. Lines count from 1, and every text keeps its line breaks, so that a finding can name its place.

/// One file of Rust source.
pub struct Source {
    /// Relative to the package, with forward slashes.
    pub path: String,
    /// As in the file.
    pub raw: Vec<String>,
    /// With comments and the contents of strings blanked.
    pub code: Vec<String>,
    /// Every string literal, with the line that it starts on.
    pub strings: Vec<(usize, String)>,
    /// Which lines only a test build compiles.
    test_only: Vec<bool>,
}

/// A word (identifier, keyword or number), `::`, or a single sign.
pub struct Token {
    pub line: usize,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let (blanked, strings) = blank(text);
        let mut source = Source {
            path: path.to_owned(),
            raw: text.lines().map(str::to_owned).collect(),
            code: blanked.lines().map(str::to_owned).collect(),
            strings,
            test_only: Vec::new(),
        };
        source.test_only = source.find_test_only(&blanked);
        source
    }

    /// The top-level module that the file belongs to: `aws` for `src/aws/credits.rs`, `app` for `src/app.rs`.
    pub fn module(&self) -> &str {
        self.module_path().first().copied().unwrap_or("")
    }

    /// The file's module path below the crate: empty for `lib.rs`.
    pub fn module_path(&self) -> Vec<&str> {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inside = inside.strip_suffix(".rs").unwrap_or(inside);
        let mut parts: Vec<&str> = inside.split('/').collect();
        if parts == ["lib"] || parts.last() == Some(&"mod") {
            parts.pop();
        }
        parts
    }

    /// The module paths of `#[cfg(test)] mod name;`: their files are compiled for tests only, and do not say so themselves.
    pub fn test_modules(&self) -> Vec<String> {
        let mut tokens = Vec::new();
        for (line, code) in numbered(&self.code).filter(|(line, _)| self.is_test(*line)) {
            tokenize(line, code, &mut tokens);
        }
        let declared = tokens.windows(3).filter(|words| words[0].text == "mod" && words[2].text == ";");
        declared.map(|words| [self.module_path(), vec![&words[1].text]].concat().join("/")).collect()
    }

    /// Counts the whole file as compiled for tests only.
    pub fn mark_as_test(&mut self) {
        self.test_only.fill(true);
    }

    /// Whether only tests compile any of it.
    pub fn is_test_file(&self) -> bool {
        !self.raw.is_empty() && self.test_only.iter().all(|test| *test)
    }

    pub fn lines(&self) -> impl Iterator<Item = &str> + Clone {
        self.raw.iter().map(String::as_str)
    }

    /// Whether the line, counted from 1, is compiled for tests only.
    pub fn is_test(&self, line: usize) -> bool {
        !self.path.starts_with("src/") || self.test_only.get(line - 1).copied().unwrap_or(false)
    }

    /// Lines of code outside tests, counted from 1.
    pub fn product_code(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.code).filter(|(line, _)| !self.is_test(*line))
    }

    /// Tokens outside tests.
    pub fn product_tokens(&self) -> Vec<Token> {
        let mut tokens = Vec::new();
        for (line, text) in self.product_code() {
            tokenize(line, text, &mut tokens);
        }
        tokens
    }

    /// Marks each item under `#[cfg(test)]`, up to its closing brace or semicolon.
    fn find_test_only(&self, blanked: &str) -> Vec<bool> {
        let file_of_tests = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        let mut marks = vec![file_of_tests; self.code.len()];
        for (start, attribute) in blanked.match_indices("#[cfg(test)]") {
            let end = item_end(blanked, start + attribute.len());
            let first = blanked[..start].matches('\n').count();
            let last = blanked[..end].matches('\n').count();
            marks[first..=last.min(self.code.len() - 1)].fill(true);
        }
        marks
    }
}

/// Lines with their numbers, from 1.
pub fn numbered(lines: &[String]) -> impl Iterator<Item = (usize, &str)> {
    lines.iter().enumerate().map(|(index, line)| (index + 1, line.as_str()))
}

/// Where the item that starts after `from` ends: at its first semicolon outside braces, or where its braces close.
fn item_end(code: &str, from: usize) -> usize {
    let mut depth = 0;
    for (offset, sign) in code[from..].char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth <= 1 => return from + offset,
            '}' => depth -= 1,
            ';' if depth == 0 => return from + offset,
            _ => {}
        }
    }
    code.len()
}

fn tokenize(line: usize, text: &str, tokens: &mut Vec<Token>) {
    let is_word = |sign: char| sign.is_alphanumeric() || sign == '_';
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|sign| !is_word(sign)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(Token { line, text: rest[..length].to_owned() });
        rest = rest[length..].trim_start();
    }
}

/// Blanks comments and the contents of strings and character literals; returns the strings apart.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let signs: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut strings = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < signs.len() {
        let (end, string) = match literal_or_comment(&signs, at) {
            Some(found) => found,
            None => {
                line += usize::from(signs[at] == '\n');
                out.push(signs[at]);
                at += 1;
                continue;
            }
        };
        if let Some((from, to)) = string {
            strings.push((line, signs[from..to].iter().collect()));
        }
        for sign in &signs[at..end] {
            line += usize::from(*sign == '\n');
            out.push(if *sign == '\n' { '\n' } else { ' ' });
        }
        at = end;
    }
    (out, strings)
}

type Literal = (usize, Option<(usize, usize)>);

/// Where the comment, string or character literal at `at` ends, and the range of a string's contents.
fn literal_or_comment(signs: &[char], at: usize) -> Option<Literal> {
    let sign = |offset: usize| signs.get(at + offset).copied().unwrap_or('\0');
    let in_word = at > 0 && (signs[at - 1].is_alphanumeric() || signs[at - 1] == '_');
    match (sign(0), sign(1)) {
        ('/', '/') => Some((find_from(signs, at, |rest| rest[0] == '\n'), None)),
        ('/', '*') => Some((block_comment_end(signs, at), None)),
        ('"', _) => Some(string_end(signs, at)),
        ('r', '"' | '#') if !in_word => raw_string_end(signs, at, at + 1),
        ('b' | 'c', 'r') if !in_word => raw_string_end(signs, at, at + 2),
        ('\'', '\\') => Some((find_from(signs, at + 3, |rest| rest[0] == '\'') + 1, None)),
        // A lifetime has no closing quote.
        ('\'', _) if sign(2) == '\'' => Some((at + 3, None)),
        _ => None,
    }
}

fn find_from(signs: &[char], from: usize, found: impl Fn(&[char]) -> bool) -> usize {
    (from..signs.len()).find(|at| found(&signs[*at..])).unwrap_or(signs.len())
}

/// Block comments nest.
fn block_comment_end(signs: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut here = at;
    while here < signs.len() {
        match signs[here..] {
            ['/', '*', ..] => (depth, here) = (depth + 1, here + 2),
            ['*', '/', ..] if depth == 1 => return here + 2,
            ['*', '/', ..] => (depth, here) = (depth - 1, here + 2),
            _ => here += 1,
        }
    }
    signs.len()
}

fn string_end(signs: &[char], at: usize) -> Literal {
    let mut here = at + 1;
    while here < signs.len() && signs[here] != '"' {
        here += if signs[here] == '\\' { 2 } else { 1 };
    }
    let close = here.min(signs.len());
    ((close + 1).min(signs.len()), Some((at + 1, close)))
}

/// `hashes` is where the hash signs or the quote would start; a raw identifier such as `r#type` is no string.
fn raw_string_end(signs: &[char], at: usize, hashes: usize) -> Option<Literal> {
    let count = signs[hashes..].iter().take_while(|sign| **sign == '#').count();
    let open = hashes + count;
    if signs.get(open) != Some(&'"') || open == at {
        return None;
    }
    let closes = |rest: &[char]| rest[0] == '"' && rest[1..].iter().take_while(|sign| **sign == '#').count() >= count;
    let close = find_from(signs, open + 1, closes);
    Some(((close + 1 + count).min(signs.len()), Some((open + 1, close))))
}

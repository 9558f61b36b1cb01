//! Slack incoming webhooks: Block Kit within its limits.
//!
//! Slack refuses a whole message if one part is too long, so every part is cut to measure, and a cut is said.

use serde_json::{Value, json};

use super::text;
use crate::domain::wording::Letter;

/// Characters in a section's text.
const MAX_SECTION: usize = 3000;
/// Characters in a header.
const MAX_HEADER: usize = 150;
/// Characters on a button.
const MAX_BUTTON: usize = 75;
/// Characters in a button's URL.
const MAX_URL: usize = 3000;
/// Characters in all sections. The documented limit is 50 blocks, but Slack answers `msg_blocks_too_long` from about
/// 13,000 characters of JSON on (slackapi/bolt-js#2509); parts this long stay below both.
const MAX_TOTAL: usize = 10_000;
/// Characters of that for the message itself; the attached document gets the rest.
const MAX_TEXT: usize = 6_000;
/// Characters around a part that is shown in fixed width.
const FENCE: usize = "```\n\n```".len();

/// The JSON body. Slack's markup knows no tables, so an attached document is shown as it is written, in fixed width.
pub(super) fn payload(letter: &Letter) -> String {
    let (text, text_is_cut) = fit(&escape(&letter.text), MAX_TEXT);
    // A fence inside the document would end ours.
    let document = escape(&letter.attachment.as_deref().unwrap_or_default().replace("```", "'''"));
    let (document, document_is_cut) = fit(&document, MAX_TOTAL - text.chars().count());
    let mut texts = chunks(&text, MAX_SECTION);
    texts.extend(chunks(&document, MAX_SECTION - FENCE).into_iter().map(|part| format!("```\n{part}\n```")));
    let is_cut = text_is_cut || document_is_cut;

    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": shorten(&escape(&letter.title), MAX_HEADER) },
    })];
    blocks.extend(texts.iter().map(|text| section(text)));
    if is_cut {
        blocks.push(section("_This message was cut to what Slack accepts; the report holds all of it._"));
    }
    // As buttons: Slack fetches what stands in a text to show a preview of it, which would be somebody reading the report.
    let shared = letter.links.iter().map(|link| (link.caption(), &link.url));
    let dashboard = letter.dashboard_url.iter().map(|url| ("Open the dashboard".to_owned(), url));
    let buttons: Vec<Value> = shared
        .chain(dashboard)
        .filter(|(_, url)| url.chars().count() <= MAX_URL)
        .map(|(caption, url)| {
            let caption = shorten(&escape(&caption), MAX_BUTTON);
            json!({ "type": "button", "text": { "type": "plain_text", "text": caption }, "url": url })
        })
        .collect();
    if !buttons.is_empty() {
        blocks.push(json!({ "type": "actions", "elements": buttons }));
    }
    let note = format!("{} · {}", escape(&letter.key), letter.event_id);
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "mrkdwn", "text": shorten(&note, MAX_SECTION) }],
    }));
    let fallback = shorten(&format!("{}: {}", escape(&letter.title), escape(&letter.summary)), MAX_SECTION);
    json!({ "text": fallback, "blocks": blocks }).to_string()
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// Slack reads `&`, `<` and `>` as markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// [`text::shorten`] for escaped text: no entity is cut in two.
fn shorten(text: &str, limit: usize) -> String {
    let short = text::shorten(text, limit);
    if short.len() == text.len() {
        return short;
    }
    format!("{}…", without_cut_entity(short.trim_end_matches('…')))
}

/// The beginning of escaped text that has at most `limit` characters, and whether anything is missing.
fn fit(text: &str, limit: usize) -> (String, bool) {
    let mut parts = chunks(text, limit);
    parts.truncate(2);
    let is_cut = parts.len() > 1;
    (parts.into_iter().next().unwrap_or_default(), is_cut)
}

/// Splits escaped text into parts of at most `limit` characters: between lines where possible, and never inside an
/// escaped character.
fn chunks(text: &str, limit: usize) -> Vec<String> {
    let mut parts = vec![];
    let mut rest = text.trim_end();
    while rest.chars().count() > limit {
        let end = rest.char_indices().nth(limit).map_or(rest.len(), |(index, _)| index);
        let window = &rest[..end];
        let cut = match window.rfind('\n') {
            Some(newline) if newline > 0 => newline,
            _ => without_cut_entity(window).len(),
        };
        parts.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start_matches('\n');
    }
    parts.push(rest.to_owned());
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Drops the beginning of an entity that the end of `text` cuts through.
fn without_cut_entity(text: &str) -> &str {
    match text.rfind('&') {
        Some(start) if !text[start..].contains(';') && text.len() - start < "&amp;".len() => &text[..start],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cuts_between_lines_and_never_inside_an_entity() {
        assert_eq!(chunks("ab\ncd\nef", 5), ["ab", "cd\nef"]);
        assert_eq!(chunks("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(chunks("abc&amp;d", 5), ["abc", "&amp;", "d"]);
        assert_eq!(chunks("", 5), Vec::<String>::new());
        assert_eq!(shorten("ab&lt;cd", 5), "ab…");
    }

    proptest! {
        /// No part is too long, no character but line breaks and blanks is lost, and every entity stays whole.
        #[test]
        fn chunks_keep_everything(text in "[a-c&<>é\n ]{0,400}", limit in 5usize..60) {
            let escaped = escape(&text);
            let parts = chunks(&escaped, limit);
            let squeeze = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(squeeze(&parts.concat()), squeeze(&escaped));
            for part in parts {
                prop_assert!(part.chars().count() <= limit);
                let plain = part.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
                prop_assert!(!plain.contains('&'), "{}", part);
            }
        }
    }
}

//! E-mail: text and HTML of one letter, the document attached, all letters about one alert in one thread.
//!
//! The Message-ID is made of the event id, so every attempt carries the same and a mailbox keeps one; the thread is made of
//! the alert's key. What is stored are the words; addresses come from config when the message leaves, files from beside it.

use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use pulldown_cmark::{Options, Parser, html};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::answer::Answer;
use super::error::ChannelError;
use super::smtp::{self, MailServer, Security};
use super::text::shorten;
use crate::domain::alert::{OutboxFile, PendingDelivery};
use crate::domain::values::secret::Secret;
use crate::domain::wording::{Letter, REPORT_KIND};

/// Characters of a subject; longer ones are cut by most mail programs anyway.
const MAX_SUBJECT: usize = 200;

/// From whom to whom, and through which server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// Takes the messages.
    pub server: MailServer,
    /// `Glidepath <alerts@example.com>`
    pub from: String,
    /// Who gets every message.
    pub to: Vec<String>,
}

/// What is stored of a message.
#[derive(Debug, Serialize, Deserialize)]
struct Mail {
    subject: String,
    text: String,
    html: String,
    /// A Markdown document.
    document: Option<String>,
    written_at: DateTime<Utc>,
}

/// Both forms of the words.
pub(super) fn payload(letter: &Letter) -> String {
    let mail = Mail {
        subject: shorten(&letter.title, MAX_SUBJECT),
        text: plain(letter),
        html: rich(letter),
        document: letter.attachment.clone(),
        written_at: letter.at,
    };
    serde_json::to_string(&mail).expect("a struct of texts and a time")
}

fn plain(letter: &Letter) -> String {
    let mut lines = Vec::new();
    lines.extend(letter.attachment.as_ref().map(|_| "Attached: what the bill becomes.".to_owned()));
    lines.extend(attached_files(letter));
    lines.extend(
        letter.links.iter().map(|link| format!("{}, for whoever has this link:\n{}", link.caption(), link.url)),
    );
    lines.extend(letter.dashboard_url.as_ref().map(|url| format!("Dashboard: {url}")));
    let foot: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let gap = if foot.is_empty() { "" } else { "\n" };
    format!("{}\n{gap}{foot}\n-- \n{}\n", letter.text, about(letter))
}

fn attached_files(letter: &Letter) -> Option<String> {
    let names: Vec<&str> = letter.files.iter().map(|file| file.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("Attached: {}.", names.join(", ")))
}

/// What the letter is about, where that says something to its reader.
fn about(letter: &Letter) -> String {
    if letter.kind == REPORT_KIND { "sent by glidepath".to_owned() } else { format!("glidepath, about {}", letter.key) }
}

/// Inline styles, because mail programs drop every other kind.
fn rich(letter: &Letter) -> String {
    let paragraphs = letter.text.split("\n\n").filter(|part| !part.trim().is_empty());
    let paragraphs: String =
        paragraphs.map(|part| format!("<p>{}</p>\n", escape(part).replace('\n', "<br>\n"))).collect();
    let attached = attached_files(letter).map_or_else(String::new, |names| format!("<p>{}</p>\n", escape(&names)));
    let anchor = |url: &str, words: &str| format!("<a href=\"{}\">{}</a>", escape(url), escape(words));
    let shared = letter.links.iter();
    let shared =
        shared.map(|link| format!("<p>{}, for whoever has this link</p>\n", anchor(&link.url, &link.caption())));
    let dashboard = letter.dashboard_url.iter().map(|url| format!("<p>{}</p>\n", anchor(url, "Open the dashboard")));
    let link: String = shared.chain(dashboard).collect();
    let document = letter.attachment.as_deref().map_or_else(String::new, |markdown| {
        let tables = "<table cellpadding=\"4\" style=\"border-collapse:collapse\" border=\"1\">";
        format!("<hr>\n{}", document(markdown).replace("<table>", tables))
    });
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body style=\"font-family:sans-serif;line-height:1.4;max-width:46em\">\n<h2>{title}</h2>\n{paragraphs}{attached}{link}{document}\
         <p style=\"color:#666;font-size:85%\">{about}</p>\n</body></html>\n",
        title = escape(&letter.title),
        about = escape(&about(letter)),
    )
}

/// Markdown as HTML. Raw HTML in it is shown, not obeyed: names on a bill are others' text.
fn document(markdown: &str) -> String {
    use pulldown_cmark::Event;
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        other => other,
    });
    let mut written = String::new();
    html::push_html(&mut written, events);
    written
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Email {
    /// Says what would make every message fail.
    pub(super) fn validate(&self) -> Result<(), ChannelError> {
        self.sender()?;
        if self.to.is_empty() {
            return Err(ChannelError::Address("nobody is named in `to`".to_owned()));
        }
        self.recipients()?;
        let is_loopback = matches!(self.server.host.as_str(), "localhost" | "127.0.0.1" | "::1" | "[::1]");
        if self.server.security == Security::Plain && !is_loopback {
            return Err(ChannelError::Address(format!(
                "a message to {} would cross the network unprotected; tls = \"none\" is for a server on this machine",
                self.server.host
            )));
        }
        Ok(())
    }

    fn sender(&self) -> Result<Mailbox, ChannelError> {
        mailbox(&self.from)
    }

    fn recipients(&self) -> Result<Vec<Mailbox>, ChannelError> {
        self.to.iter().map(|address| mailbox(address)).collect()
    }

    /// Sends a stored message.
    pub(super) async fn send(&self, delivery: &PendingDelivery) -> Answer {
        match self.message(delivery) {
            Ok(message) => smtp::send(&self.server, message.envelope(), &message.formatted()).await,
            Err(error) => Answer::Unsendable { error },
        }
    }

    fn message(&self, delivery: &PendingDelivery) -> Result<Message, String> {
        let mail: Mail = serde_json::from_str(&delivery.payload)
            .map_err(|error| format!("the stored message is no e-mail: {error}"))?;
        let from = self.sender().map_err(|error| error.to_string())?;
        let domain = from.email.domain().to_owned();
        let thread = format!("<{}@{domain}>", &hex::encode(Sha256::digest(&delivery.key))[..32]);
        let mut message = Message::builder()
            .from(from)
            .subject(mail.subject)
            .date(SystemTime::from(mail.written_at))
            .message_id(Some(format!("<{}@{domain}>", delivery.event_id)))
            .in_reply_to(thread.clone())
            .references(thread)
            // So that no holiday notice answers.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for recipient in self.recipients().map_err(|error| error.to_string())? {
            message = message.to(recipient);
        }
        let words = MultiPart::alternative_plain_html(mail.text, mail.html);
        let mut enclosed: Vec<SinglePart> = mail.document.map(attached).into_iter().collect();
        for file in &delivery.files {
            enclosed.push(enclosed_file(file)?);
        }
        let whole = if enclosed.is_empty() {
            words
        } else {
            enclosed.into_iter().fold(MultiPart::mixed().multipart(words), MultiPart::singlepart)
        };
        message.multipart(whole).map_err(|error| format!("the message cannot be built: {error}"))
    }

    /// Masks the password in others' text: as it is, and in each form in which it is sent.
    pub(super) fn redact(&self, text: &str) -> String {
        let Some((user, password)) = &self.server.login else { return text.to_owned() };
        let plain = BASE64_STANDARD.encode(format!("\0{user}\0{}", password.expose()));
        let login = BASE64_STANDARD.encode(password.expose());
        [plain, login].into_iter().fold(password.redact(text), |text, sent| Secret::new(sent).redact(&text))
    }
}

fn attached(document: String) -> SinglePart {
    let kind = ContentType::parse("text/markdown; charset=utf-8").expect("a media type that a test sends");
    Attachment::new("trajectory.md".to_owned()).body(document, kind)
}

fn enclosed_file(file: &OutboxFile) -> Result<SinglePart, String> {
    let kind = ContentType::parse(&file.media_type)
        .map_err(|error| format!("{} is of a kind that mail cannot carry ({error})", file.name))?;
    Ok(Attachment::new(file.name.clone()).body(file.bytes.clone(), kind))
}

fn mailbox(text: &str) -> Result<Mailbox, ChannelError> {
    let wanted = "write ops@example.com or \"Ops <ops@example.com>\"";
    text.parse().map_err(|error| ChannelError::Address(format!("{text:?} is no e-mail address ({error}); {wanted}")))
}

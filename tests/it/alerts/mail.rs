//! E-mail over SMTP, against a server that is told what to answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use glidepath::domain::alert::{DeliveryResult, OutboxFile, PendingDelivery};
use glidepath::domain::position::finding::Severity;
use glidepath::domain::values::secret::Secret;
use glidepath::domain::wording::{LetterFile, ReportLetter, report_letter};
use glidepath::notify::{Channel, ChannelError, Email, MailServer as MailServerSettings, Security};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::support::*;

/// A mail server. It answers 250 to everything but what `answers` names by its beginning; an empty answer cuts the line.
pub struct MailServer {
    pub port: u16,
    said: Arc<Mutex<Vec<String>>>,
}

/// In place of an answer: the server takes what was said, and says nothing more.
const NEVER: &str = "never";

pub type Answers = &'static [(&'static str, &'static str)];

impl MailServer {
    pub async fn start(answers: Answers) -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = Arc::<Mutex<Vec<String>>>::default();
        let heard = said.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, answers, heard.clone()));
            }
        });
        MailServer { port, said }
    }

    /// Every line that came.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    pub fn channel(&self, login: bool) -> Channel {
        Channel::Email(Email {
            server: MailServerSettings {
                host: "127.0.0.1".into(),
                port: self.port,
                security: Security::Plain,
                login: login.then(|| ("ops".to_owned(), Secret::new("hunter2hunter2"))),
            },
            from: "Glidepath <glidepath@example.com>".into(),
            to: vec!["ops@example.com".into(), "Ada <ada@example.com>".into()],
        })
    }
}

async fn serve(socket: TcpStream, answers: Answers, said: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut stream = BufReader::new(socket);
    let greeting =
        answers.iter().find(|(begin, _)| begin.is_empty()).map_or("220 mail.example ready", |(_, answer)| answer);
    stream.write_all(format!("{greeting}\r\n").as_bytes()).await.ok()?;
    let mut in_message = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        said.lock().unwrap().push(line.clone());
        if in_message && line != "." {
            continue;
        }
        in_message = line == "DATA";
        let told = answers.iter().find(|(begin, _)| !begin.is_empty() && line.starts_with(begin));
        let usual = match line.split(' ').next() {
            Some("DATA") => "354 go on",
            Some("EHLO") => "250-mail.example\r\n250-SIZE 1000000\r\n250 AUTH LOGIN PLAIN",
            _ => "250 fine",
        };
        let answer = told.map_or(usual, |(_, answer)| *answer);
        if answer.is_empty() {
            return None;
        }
        if answer == NEVER {
            std::future::pending::<()>().await;
        }
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

/// A stored e-mail about an exhaustion, as it waits in the outbox.
fn letter(channel: &Channel, severity: Severity) -> PendingDelivery {
    let event = messages(&store(), &fresh(vec![finding(severity)]), clock()).remove(0);
    PendingDelivery { event_id: event.event_id.clone(), payload: channel.payload(&event), ..due("", "mail") }
}

async fn sent(server: &MailServer, login: bool) -> DeliveryResult {
    let channel = server.channel(login);
    let letter = letter(&channel, Severity::Critical);
    deliver(&[letter], &channels([("mail", channel)])).await.remove(0)
}

/// The headers of the message that the server received, by name.
fn headers(server: &MailServer) -> BTreeMap<String, String> {
    let said = server.said();
    let begin = said.iter().position(|line| line == "DATA").unwrap() + 1;
    let lines = said[begin..].iter().take_while(|line| !line.is_empty());
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        match (line.split_once(": "), line.starts_with(' ')) {
            (Some((name, value)), false) => headers.push((name.to_owned(), value.to_owned())),
            _ => headers.last_mut().unwrap().1.push_str(line),
        }
    }
    headers.into_iter().collect()
}

#[tokio::test]
async fn a_server_that_hangs_after_it_took_the_message_has_it() {
    for step in ["QUIT", "MAIL"] {
        let server = MailServer::start(if step == "QUIT" { &[("QUIT", NEVER)] } else { &[("MAIL", NEVER)] }).await;
        let sent = sent(&server, false);
        if step == "QUIT" {
            assert_eq!(sent.await, DeliveryResult::Delivered);
        } else {
            // Before that nothing is out, and it waits as long as a server may take.
            let early = tokio::time::timeout(std::time::Duration::from_secs(3), sent).await;
            assert!(early.is_err(), "{early:?}");
        }
    }
}

#[tokio::test]
async fn a_message_goes_to_everybody_under_its_own_id_in_its_alert_s_thread() {
    let server = MailServer::start(&[("AUTH PLAIN", "235 welcome")]).await;
    assert_eq!(sent(&server, true).await, DeliveryResult::Delivered);
    let said = server.said();
    assert_eq!(said[0], "EHLO example.com");
    // base64 of NUL ops NUL hunter2hunter2, by coreutils.
    assert_eq!(said[1], "AUTH PLAIN AG9wcwBodW50ZXIyaHVudGVyMg==");
    let envelope = ["MAIL FROM:<glidepath@example.com>", "RCPT TO:<ops@example.com>", "RCPT TO:<ada@example.com>"];
    assert_eq!(said[2..5], envelope);
    assert!(said.ends_with(&[".".to_owned(), "QUIT".to_owned()]), "{said:?}");
    let headers = headers(&server);
    let event = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    assert_eq!(headers["Subject"], event.title);
    assert_eq!(headers["Message-ID"], format!("<{}@example.com>", event.event_id));
    assert_eq!(headers["Date"], "Sat, 14 Mar 2026 06:00:00 +0000");
    assert_eq!(headers["Auto-Submitted"], "auto-generated");
    assert_eq!(headers["In-Reply-To"], headers["References"]);
    let body = said.join("\n");
    for part in ["text/plain", "text/html", "filename=\"trajectory.md\""] {
        assert!(body.contains(part), "{part} is missing in {body}");
    }

    // Another message about the same alert: another id, the same thread.
    let channel = server.channel(false);
    let other = letter(&channel, Severity::Warning);
    let second = MailServer::start(&[]).await;
    deliver(&[other], &channels([("mail", second.channel(false))])).await;
    let again = self::headers(&second);
    assert_ne!(again["Message-ID"], headers["Message-ID"]);
    assert_eq!(again["References"], headers["References"]);
}

#[tokio::test]
async fn a_report_goes_along_as_files() {
    let server = MailServer::start(&[]).await;
    let channel = server.channel(false);
    let letter = report_letter(ReportLetter {
        event_id: "evt-9".into(),
        name: "board",
        report: "funding-pack",
        title: "Funding pack",
        now: clock(),
        as_of: clock(),
        data_through: None,
        headline: vec!["$10.00 of $20.00 of credit is left.".into()],
        files: vec![LetterFile { name: "pack.pdf".into(), media_type: "application/pdf".into(), sha256: "0a".into() }],
        links: Vec::new(),
        dashboard_url: None,
    });
    let payload = channel.payload(letter);
    let files = vec![OutboxFile {
        name: "pack.pdf".into(),
        media_type: "application/pdf".into(),
        bytes: b"%PDF-1.7 \xe2\xe3 bytes".to_vec(),
    }];
    let delivery = PendingDelivery { payload, files, ..due("evt-9", "mail") };
    let results = deliver(&[delivery], &channels([("mail", channel)])).await;
    assert_eq!(results, [DeliveryResult::Delivered]);
    let body = server.said().join("\n");
    // base64 of the bytes, by coreutils.
    for part in ["Content-Type: application/pdf", "filename=\"pack.pdf\"", "JVBERi0xLjcg4uMgYnl0ZXM="] {
        assert!(body.contains(part), "{part} is missing in {body}");
    }
    assert!(body.contains("Attached: pack.pdf.") && body.contains("sent by glidepath"), "{body}");
    assert!(!body.contains("report:board"), "what it is called here means nothing to its reader: {body}");
}

#[tokio::test]
async fn a_login_in_steps() {
    let server = MailServer::start(&[
        ("EHLO", "250-mail.example\r\n250 AUTH LOGIN"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("b3Bz", "334 UGFzc3dvcmQ6"),
        ("aHVudGVyMmh1bnRlcjI=", "235 welcome"),
    ])
    .await;
    assert_eq!(sent(&server, true).await, DeliveryResult::Delivered);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_may_not_is_final() {
    type Case = (Answers, bool, &'static str);
    let cases: [Case; 8] = [
        (&[("", "421 busy")], true, "answered the connection with 421 busy"),
        (&[("", "554 go away")], false, "answered the connection with 554 go away"),
        (&[("RCPT TO:<ada", "451 greylisted")], true, "the recipient ada@example.com with 451 greylisted"),
        (&[("RCPT TO", "550 5.1.1 unknown")], false, "the recipient ops@example.com with 550 5.1.1 unknown; "),
        (&[("DATA", "")], true, "the message: it broke off"),
        (&[(".", "452 full")], true, "the message with 452 full"),
        (&[(".", "554 spam")], false, "the message with 554 spam"),
        (&[("EHLO", "hello yourself")], true, "no reply of a mail server"),
    ];
    for (answers, may_pass, expected) in cases {
        let server = MailServer::start(answers).await;
        let result = sent(&server, false).await;
        let (DeliveryResult::Retry { error, .. } | DeliveryResult::Dead { error }) = &result else {
            panic!("{answers:?}: {result:?}")
        };
        assert!(error.contains(expected), "{answers:?}: {error}");
        assert_eq!(matches!(result, DeliveryResult::Retry { .. }), may_pass, "{answers:?}: {error}");
    }
}

#[tokio::test]
async fn one_wrong_address_keeps_nobody_else_from_hearing_and_is_told() {
    let server = MailServer::start(&[("RCPT TO:<ada", "550 no such person")]).await;
    let DeliveryResult::Dead { error } = sent(&server, false).await else { panic!("it did not reach everybody") };
    assert!(
        error.starts_with("the other recipients have it, but the mail server answered the recipient ada@"),
        "{error}"
    );
    assert!(server.said().contains(&".".to_owned()), "the message was sent");
}

#[tokio::test]
async fn nothing_is_sent_unprotected_where_tls_is_asked_for() {
    let server = MailServer::start(&[]).await;
    let Channel::Email(mut email) = server.channel(true) else { unreachable!() };
    email.server.security = Security::StartTls;
    let channel = Channel::Email(email);
    let letter = letter(&channel, Severity::Critical);
    let results = deliver(&[letter], &channels([("mail", channel)])).await;
    let [DeliveryResult::Retry { error, .. }] = results.as_slice() else { panic!("{results:?}") };
    assert!(error.contains("offers no STARTTLS"), "{error}");
    assert_eq!(server.said(), ["EHLO example.com"]);
}

#[tokio::test]
async fn a_server_that_quotes_the_password_is_masked() {
    let quoting = "535 no user hunter2hunter2, you said AG9wcwBodW50ZXIyaHVudGVyMg== or aHVudGVyMmh1bnRlcjI=";
    let answers: Answers = vec![("AUTH PLAIN", quoting)].leak();
    let server = MailServer::start(answers).await;
    let DeliveryResult::Dead { error } = sent(&server, true).await else { panic!("a wrong password is final") };
    assert_eq!(error, "the mail server answered the login with 535 no user ***, you said *** or ***");
}

fn mail_server(host: &str, security: Security) -> MailServerSettings {
    MailServerSettings { host: host.into(), port: 25, security, login: None }
}

#[test]
fn an_e_mail_says_everything_in_both_forms() {
    let channel = Channel::Email(Email {
        server: mail_server("localhost", Security::Plain),
        from: "glidepath@example.com".into(),
        to: vec!["ops@example.com".into()],
    });
    let event = messages(&store(), &fresh(vec![finding(Severity::Critical)]), clock()).remove(0);
    let stored: serde_json::Value = serde_json::from_str(&channel.payload(&event)).unwrap();
    insta::assert_snapshot!("email_text", stored["text"].as_str().unwrap());
    insta::assert_snapshot!("email_html", stored["html"].as_str().unwrap());
    assert!(stored["html"].as_str().unwrap().contains("R&amp;D &lt;credits&gt;"));
}

#[test]
fn an_e_mail_channel_that_cannot_work_is_found_at_start() {
    let email = |host: &str, security, from: &str, to: &[&str]| {
        let to = to.iter().map(|it| (*it).to_owned()).collect();
        Channel::Email(Email { server: mail_server(host, security), from: from.into(), to }).validate()
    };
    let (from, to) = ("Glidepath <a@example.com>", ["b@example.com"]);
    assert_eq!(email("smtp.example.com", Security::StartTls, from, &to), Ok(()));
    assert_eq!(email("localhost", Security::Plain, from, &to), Ok(()));
    for broken in [
        email("smtp.example.com", Security::Plain, from, &to),
        email("smtp.example.com", Security::StartTls, "nobody", &to),
        email("smtp.example.com", Security::StartTls, from, &["b@example.com", "c"]),
        email("smtp.example.com", Security::StartTls, from, &[]),
    ] {
        assert!(matches!(broken, Err(ChannelError::Address(_))), "{broken:?}");
    }
}

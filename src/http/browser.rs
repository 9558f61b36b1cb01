//! What a browser is shown where a program gets a problem: a page with the same facts.
//!
//! Invariants: such a page is made of the problem that the answer bears, of the words for browsers that stand beside it, of the address
//! and of nothing else; what is for programs, or for whoever runs this, is not told to those outside; only who names HTML before JSON
//! gets it, and everybody else what the description of the API says; status and headers stay.

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use rust_decimal::Decimal;

use super::failure::{DESCRIBED, ForThoseOutside, Problem, SHOW_A_TOKEN, Told};
use super::plain::{DaysThereAre, Plain};
use super::small_page::{self, STYLESHEET};
use crate::domain::values::words::sentence_text;

/// Media types of a page.
const PAGES: [&str; 2] = ["text/html", "application/xhtml+xml"];
/// Media types of a problem.
const PROBLEMS: [&str; 2] = ["application/json", "application/problem+json"];
/// Where links lead.
const SHARED: &str = "/shared/";

/// True if who sent these headers would rather read a page: it names one, and gives it more weight than JSON. `*/*` names nothing.
pub fn reads_pages(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT).iter().filter_map(|list| list.to_str().ok());
    let (mut page, mut problem) = (Decimal::ZERO, Decimal::ZERO);
    for range in lists.flat_map(|list| list.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let is_one_of = |names: [&str; 2]| names.iter().any(|name| media_type.eq_ignore_ascii_case(name));
        let side = if is_one_of(PAGES) {
            &mut page
        } else if is_one_of(PROBLEMS) {
            &mut problem
        } else {
            continue;
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        // What is no weight counts as none.
        let weight = weight.map_or(Decimal::ONE, |text| text.parse().unwrap_or(Decimal::ZERO));
        *side = weight.max(*side);
    }
    page > problem
}

/// Shows each failure to a browser as a page.
pub async fn failures_as_pages(request: Request, next: Next) -> Response {
    let asked = reads_pages(request.headers()).then(|| (request.method().clone(), request.uri().path().to_owned()));
    let mut response = next.run(request).await;
    let Some(Told(problem)) = response.extensions_mut().remove::<Told>() else { return response };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    let Some((method, path)) = asked else { return response };
    let (mut head, _) = response.into_parts();
    let later = head.headers.get(header::RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    let is_outside = head.extensions.get::<ForThoseOutside>().is_some();
    let plain = head.extensions.get::<Plain>().filter(|plain| is_outside || !plain.outside_only);
    let policy = match plain.and_then(|plain| plain.days) {
        Some(_) => small_page::policy_with_form(),
        None => small_page::policy(),
    };
    let html = page(&problem, &Reader { path: &path, is_outside, later }, plain);
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    head.headers.insert(header::CONTENT_LENGTH, html.len().into());
    for (name, value) in [policy, small_page::NOT_LISTED] {
        head.headers.insert(name, value);
    }
    let body = if method == Method::HEAD { Body::empty() } else { Body::from(html) };
    Response::from_parts(head, body)
}

/// Who is shown a page, and what was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The path that was asked for.
    pub path: &'a str,
    /// True if it is somebody who may not see everything.
    pub is_outside: bool,
    /// After how many seconds it may go better.
    pub later: Option<u32>,
}

/// A failure as a page for people, in the words of `plain` where there are some.
pub fn page(problem: &Problem, reader: &Reader<'_>, plain: Option<&Plain>) -> String {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let is_link = reader.path.starts_with(SHARED);
    let heading = plain.map_or_else(|| heading(status, is_link), |plain| plain.heading.as_str());
    let said = plain.map_or_else(|| said(problem, reader, (status, is_link), heading), |plain| plain.said.clone());
    let own_way = plain.and_then(|plain| plain.way.clone()).map(|(href, label)| Way { href, label });
    let page = FailurePage {
        heading,
        paragraphs: said.iter().map(|text| parts(text)).collect(),
        problems: &problem.problems,
        way: own_way.or_else(|| way(status, reader.path, is_link)),
        days: plain.and_then(|plain| plain.days),
        status: problem.status,
        title: &problem.title,
        reason: problem.reason.as_deref(),
        stylesheet: STYLESHEET,
    };
    page.render().expect("a template over values in memory cannot fail")
}

/// What a problem tells under `heading`, in sentences.
fn said(problem: &Problem, reader: &Reader<'_>, (status, is_link): (StatusCode, bool), heading: &str) -> Vec<String> {
    if reader.is_outside && status == StatusCode::BAD_REQUEST {
        return vec![NOT_AS_SENT.to_owned()];
    }
    let advice = match problem.advice.as_deref() {
        Some(DESCRIBED) => Some(WHOLE),
        Some(SHOW_A_TOKEN) => None,
        // Commands, and templates of addresses.
        Some(advice) if reader.is_outside && (advice.contains('`') || advice.contains("/api/")) => None,
        advice => advice,
    };
    // What the heading says is not said again.
    let detail = Some(sentence_text(&problem.detail)).filter(|detail| detail.trim_end_matches('.') != heading);
    detail.into_iter().chain(advice.map(sentence_text)).chain(explained(status, is_link, reader.later)).collect()
}

/// What there is to do where nothing is.
const WHOLE: &str = "Look whether the address is whole: a part of it may have been lost when it was copied.";

/// What somebody outside is told of an address that has a part too much, or one that nobody can read.
const NOT_AS_SENT: &str = "A part of this address is not as it was made. Open it from the message that it came in, or take away what \
    stands behind the question mark.";

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    heading: &'a str,
    paragraphs: Vec<Vec<Part<'a>>>,
    problems: &'a [String],
    way: Option<Way>,
    days: Option<DaysThereAre>,
    status: u16,
    title: &'a str,
    reason: Option<&'a str>,
    stylesheet: &'static str,
}

/// A piece of a sentence: what stands between backticks is to be typed.
struct Part<'a> {
    is_code: bool,
    text: &'a str,
}

/// Where a reader can go on.
struct Way {
    href: String,
    label: &'static str,
}

fn heading(status: StatusCode, is_link: bool) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "Log in with your token",
        StatusCode::FORBIDDEN => "This is not open to you",
        StatusCode::NOT_FOUND if is_link => "This link opens nothing",
        StatusCode::NOT_FOUND => "There is nothing to show here",
        StatusCode::METHOD_NOT_ALLOWED => "This address is for reading, or for programs",
        StatusCode::GONE => "This link is over",
        StatusCode::URI_TOO_LONG => "This address is too long",
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "Not just now",
        _ if status.is_server_error() => "This did not work",
        _ => "This address asks for something that cannot be answered",
    }
}

/// What the status means for somebody who has never heard of it; the same for every answer with it.
fn explained(status: StatusCode, is_link: bool, later: Option<u32>) -> Option<String> {
    let text = match status {
        StatusCode::UNAUTHORIZED => {
            "Your browser asks for a user name and a password: type any user name, and your token as the password. If you have no \
             token, ask whoever runs this glidepath."
        }
        StatusCode::NOT_FOUND if is_link => {
            "Open it from the message that it came in, as a part of it may have been lost when it was copied; if that does not \
             help, ask whoever sent it."
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            return later.map(|seconds| format!("Try again in {seconds} seconds."));
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn way(status: StatusCode, path: &str, is_link: bool) -> Option<Way> {
    let again = |label| Some(Way { href: String::new(), label });
    match status {
        StatusCode::UNAUTHORIZED => again("Log in"),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => {
            again("Try again")
        }
        // Who has a link has no other page here.
        _ if is_link => None,
        _ => Some(Way { href: root_from(path), label: "To the first page" }),
    }
}

/// The first page's address, relative to `path`, so that it holds below whatever path a proxy serves.
fn root_from(path: &str) -> String {
    match path.matches('/').count() {
        0 | 1 => "./".to_owned(),
        slashes => "../".repeat(slashes - 1),
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let pieces = text.split('`').enumerate().map(|(at, text)| Part { is_code: at % 2 == 1, text });
    pieces.filter(|part| !part.text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::failure::Failure;

    #[test]
    fn a_browser_is_who_names_a_page_before_json() {
        let reads = |accept: &str| reads_pages(&HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]));
        for browser in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html, application/xhtml+xml, image/jxr, */*",
            "TEXT/HTML",
            "text/html;charset=utf-8;q=0.5, application/json;q=0.4",
            "application/xhtml+xml",
        ] {
            assert!(reads(browser), "{browser}");
        }
        for program in [
            "",
            "*/*",
            "application/json",
            "text/*",
            "application/json, text/html",
            "application/json, text/html;q=0.9, */*;q=0.1",
            "text/html;q=0, */*",
            "text/html;q=much",
            "text/html;q=0.3, application/problem+json;q=0.4",
            "text/htmlx",
        ] {
            assert!(!reads(program), "{program}");
        }
        assert!(!reads_pages(&HeaderMap::new()));
        let mut two = HeaderMap::new();
        two.append(header::ACCEPT, "text/html;q=0.5".parse().unwrap());
        two.append(header::ACCEPT, "application/json".parse().unwrap());
        assert!(!reads_pages(&two), "lists on two lines are one");
    }

    #[test]
    fn a_page_tells_what_the_problem_tells_and_nothing_is_taken_for_markup() {
        let refused = Failure::new(StatusCode::NOT_FOUND, "there is nothing at /<b>\"'&")
            .advise("run `glidepath <check>`; or not")
            .with_problems(vec!["<script>".to_owned()]);
        let html = page(refused.problem(), &Reader { path: "/a/b/c", is_outside: false, later: None }, None);
        for part in
            ["There is nothing at /&#60;b&#62;", "<code>glidepath &#60;check&#62;</code>", "<li>&#60;script&#62;</li>"]
        {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(html.contains("Answer 404: Not Found.") && html.contains("href=\"../../\""), "{html}");
        let (_, rest) = html.split_once("<style>").unwrap();
        let style = rest.split_once("</style>").unwrap().0;
        let hash = base64_of(style);
        assert!(small_page::policy().1.to_str().unwrap().contains(&hash));
    }

    #[test]
    fn those_outside_are_told_no_command_and_no_template() {
        let shown = |refused: &Failure, is_outside| {
            page(refused.problem(), &Reader { path: "/x", is_outside, later: None }, None)
        };
        for advice in ["run `glidepath cycle`", "the reports are at /api/v1/reports/{kind}.{format}"] {
            let refused = Failure::new(StatusCode::CONFLICT, "it is not there").advise(advice);
            let mark = advice.split(['`', '{']).nth(1).unwrap();
            assert!(shown(&refused, false).contains(mark) && !shown(&refused, true).contains(mark), "{advice}");
            assert!(shown(&refused, true).contains("It is not there."));
        }
        let odd = Failure::new(StatusCode::BAD_REQUEST, "unknown field `x`, expected `kind`").advise("see /api/v1/");
        assert!(shown(&odd, true).contains("Open it from the message") && !shown(&odd, true).contains("unknown field"));
        let nowhere = Failure::new(StatusCode::NOT_FOUND, "there is nothing at /x").advise(DESCRIBED);
        assert!(!shown(&nowhere, false).contains("openapi") && shown(&nowhere, false).contains("is whole"));
    }

    fn base64_of(style: &str) -> String {
        use base64::Engine as _;
        use sha2::Digest as _;
        base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(style))
    }

    #[test]
    fn the_first_page_is_found_from_everywhere_and_who_has_a_link_is_not_sent_there() {
        for (path, root) in [("/", "./"), ("/nowhere", "./"), ("/a/b", "../"), ("/a//b/", "../../../"), ("*", "./")] {
            assert_eq!(root_from(path), root, "{path}");
        }
        let reader = Reader { path: "/shared/x.y", is_outside: true, later: Some(5) };
        let of = |status| page(Failure::new(status, "no").problem(), &reader, None);
        assert!(!of(StatusCode::NOT_FOUND).contains("href") && !of(StatusCode::GONE).contains("href"));
        let busy = of(StatusCode::SERVICE_UNAVAILABLE);
        assert!(busy.contains("Try again in 5 seconds.") && busy.contains("href=\"\""), "{busy}");
    }
}

//! Reports that were just made: who asks for the same one again gets the same bytes, and no work is done.
//!
//! Invariant: a report is compressed once, when it is made, and never while it is handed out.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cycle::View;
use crate::report::{Audience, File, Format, ReportKind};

/// Bytes that are kept in all.
const MOST: usize = 8 * 1024 * 1024;
/// Bytes of the largest file that is kept: one must not take the place of all others.
const LARGEST: usize = MOST / 4;
/// Files that are kept: all formats of the three kinds, for somebody and somebody else.
const MOST_FILES: usize = 36;

/// A report as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its name.
    pub name: String,
    /// The file.
    pub bytes: Bytes,
    /// The same in gzip; none of a format that is compressed in itself.
    pub gzip: Option<Bytes>,
}

/// Marks an answer that nothing compresses as it leaves.
#[derive(Debug, Clone, Copy)]
pub struct AsItIs;

impl Ready {
    /// The file, compressed too where that makes it smaller. This keeps a core busy for a moment.
    pub fn of(file: File) -> Ready {
        let bytes = Bytes::from(file.bytes);
        let gzip = match file.format {
            Format::Pdf | Format::Xlsx => None,
            Format::Html | Format::Csv | Format::Json | Format::Markdown => {
                compressed(&bytes).filter(|gzip| gzip.len() < bytes.len())
            }
        };
        Ready { name: file.name, bytes, gzip }
    }

    fn size(&self) -> usize {
        self.bytes.len() + self.gzip.as_ref().map_or(0, Bytes::len)
    }
}

fn compressed(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// True if who sent these headers takes gzip: named, or by `*`, and not with a weight of 0.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let lists: Vec<&str> = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|it| it.to_str().ok()).collect();
    // A weight is a number with up to three digits behind its point.
    let is_more_than_nothing = |weight: &str| {
        weight.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && weight.contains(|digit: char| ('1'..='9').contains(&digit))
    };
    let taken = |name: &str| {
        let mut named = lists.iter().flat_map(|list| list.split(',')).filter_map(|one| {
            let (coding, parameters) = one.split_once(';').unwrap_or((one, ""));
            let weight = parameters.trim().strip_prefix("q=");
            coding.trim().eq_ignore_ascii_case(name).then(|| weight.is_none_or(|it| is_more_than_nothing(it.trim())))
        });
        named.next()
    };
    taken("gzip").or_else(|| taken("*")).unwrap_or(false)
}

/// The files, the one asked for last in front.
#[derive(Default)]
pub struct KeptFiles(Mutex<Vec<Kept>>);

struct Kept {
    /// What it was made from. Not held, since a view of a large account takes megabytes.
    view: Weak<View>,
    audience: Audience,
    what: (ReportKind, Format),
    file: Ready,
}

impl KeptFiles {
    /// The report of `view` for `audience`, if it was just made.
    pub fn get(&self, view: &Arc<View>, audience: &Audience, what: (ReportKind, Format)) -> Option<Ready> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |it: &Kept| it.view.as_ptr() == Arc::as_ptr(view) && it.what == what && it.audience == *audience;
        let at = kept.iter().position(same)?;
        let found = kept.remove(at);
        let file = found.file.clone();
        kept.insert(0, found);
        Some(file)
    }

    /// Keeps `file` unless it is large, and forgets what nobody can ask for any more and what is too much.
    pub fn put(&self, view: &Arc<View>, audience: &Audience, what: (ReportKind, Format), file: Ready) {
        if file.size() > LARGEST {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|it| it.view.strong_count() > 0);
        kept.insert(0, Kept { view: Arc::downgrade(view), audience: audience.clone(), what, file });
        let mut bytes = 0;
        let fitting = kept.iter().take(MOST_FILES).take_while(|it| {
            bytes += it.file.size();
            bytes <= MOST
        });
        let fitting = fitting.count();
        kept.truncate(fitting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::position::Position;
    use crate::domain::position::series::Series;

    const PDF: (ReportKind, Format) = (ReportKind::FundingPack, Format::Pdf);

    fn view() -> Arc<View> {
        let position = Position::empty("2026-11-23T06:00:00Z".parse().unwrap(), "USD");
        Arc::new(View { position, series: Series::default() })
    }

    fn file(name: &str, bytes: usize) -> Ready {
        Ready { name: name.to_owned(), bytes: vec![7; bytes].into(), gzip: None }
    }

    fn partner(record: &str) -> Audience {
        Audience::Partner { records: vec![record.to_owned()] }
    }

    #[test]
    fn what_is_compressed_is_so_once_and_handed_to_who_takes_it() {
        let takes =
            |value: &str| takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]));
        for yes in ["gzip", "br, gzip", "GZIP;q=0.5", "*", "identity, *;q=0.1", "deflate,gzip ;q=1.0"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "*;q=0", "gzip; q=0.0, *", "identity", "gzip;q=x", "agzip"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
        let ready = |format| Ready::of(File { name: "pack".to_owned(), format, bytes: vec![7; 10_000] });
        assert!(ready(Format::Csv).gzip.is_some_and(|gzip| gzip.len() < 1_000) && ready(Format::Pdf).gzip.is_none());
        let small = Ready::of(File { name: "pack".to_owned(), format: Format::Csv, bytes: b"x".to_vec() });
        assert_eq!(small.gzip, None, "what grows is sent as it is");
    }

    #[test]
    fn a_file_is_of_one_view_one_audience_one_kind_and_one_format() {
        let (kept, one, other) = (KeptFiles::default(), view(), view());
        kept.put(&one, &partner("chat"), PDF, file("chat", 10));
        assert_eq!(kept.get(&one, &partner("chat"), PDF), Some(file("chat", 10)));
        assert_eq!(kept.get(&other, &partner("chat"), PDF), None);
        assert_eq!(kept.get(&one, &partner("search"), PDF), None);
        assert_eq!(kept.get(&one, &Audience::Owner, PDF), None);
        assert_eq!(kept.get(&one, &partner("chat"), (ReportKind::FundingPack, Format::Csv)), None);
        assert_eq!(kept.get(&one, &partner("chat"), (ReportKind::Trajectory, Format::Pdf)), None);
    }

    #[test]
    fn what_is_kept_is_bounded_and_goes_with_its_view() {
        let (kept, one) = (KeptFiles::default(), view());
        for number in 0..100 {
            kept.put(&one, &partner(&number.to_string()), PDF, file("pack", 1));
        }
        assert_eq!(kept.0.lock().unwrap().len(), MOST_FILES);
        for number in 0..100 {
            kept.put(&one, &partner(&number.to_string()), PDF, file("large", LARGEST));
        }
        assert_eq!(kept.0.lock().unwrap().len(), 4);
        kept.put(&one, &Audience::Owner, PDF, file("too large", LARGEST + 1));
        assert_eq!(kept.get(&one, &Audience::Owner, PDF), None);
        kept.put(&one, &Audience::Owner, PDF, file("pack", 1));
        drop(one);
        let other = view();
        kept.put(&other, &Audience::Owner, PDF, file("pack", 2));
        assert_eq!(kept.0.lock().unwrap().len(), 1, "no view of before can be asked for");
    }
}

//! Reports that were just made: who asks for the same one again gets the same bytes, and no work is done.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::body::Bytes;

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
}

impl From<File> for Ready {
    fn from(file: File) -> Ready {
        Ready { name: file.name, bytes: file.bytes.into() }
    }
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
        if file.bytes.len() > LARGEST {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|it| it.view.strong_count() > 0);
        kept.insert(0, Kept { view: Arc::downgrade(view), audience: audience.clone(), what, file });
        let mut bytes = 0;
        let fitting = kept.iter().take(MOST_FILES).take_while(|it| {
            bytes += it.file.bytes.len();
            bytes <= MOST
        });
        let fitting = fitting.count();
        kept.truncate(fitting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::position::{Position, Series};

    const PDF: (ReportKind, Format) = (ReportKind::FundingPack, Format::Pdf);

    fn view() -> Arc<View> {
        let position = Position::empty("2026-11-23T06:00:00Z".parse().unwrap(), "USD");
        Arc::new(View { position, series: Series::default() })
    }

    fn file(name: &str, bytes: usize) -> Ready {
        Ready { name: name.to_owned(), bytes: vec![7; bytes].into() }
    }

    fn partner(record: &str) -> Audience {
        Audience::Partner { records: vec![record.to_owned()] }
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

//! What is said of it, in English: messages, digests, reports that are sent, and where trouble with the program is explained.

mod digest;
mod letter;
mod message;
mod report_letter;
pub mod trouble;

pub use self::digest::{DIGEST_KEY, DigestInput, digest};
pub use self::letter::{Hears, Letter, LetterFile, LetterLink, Phase, acknowledgement, test_letter};
pub use self::message::{carries_trajectory, compose};
pub use self::report_letter::{REPORT_KIND, ReportLetter, report_event_id, report_key, report_letter};

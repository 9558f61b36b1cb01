//! Long JSON, packed: an outlook is thousands of numbers, of which a tenth is left. A row group of the database holds all
//! outlooks of years, and is written whole; it has to fit into the memory that the database may use.
//!
//! Invariant: what was stored before there was packing is read as it is.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// What packed text begins with, and no JSON.
const MARK: &str = "deflate:";
/// Bytes that are unpacked at most.
const LONGEST: u64 = 256 * 1024 * 1024;

/// `json` as it is stored.
pub fn packed(json: &str) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(json.as_bytes()).and_then(|()| encoder.finish());
    written.map_or_else(|_| json.to_owned(), |bytes| format!("{MARK}{}", STANDARD.encode(bytes)))
}

/// The JSON of what is stored; what cannot be unpacked is left as it is, which is no JSON.
pub fn unpacked(stored: &str) -> Cow<'_, str> {
    let Some(text) = stored.strip_prefix(MARK) else { return Cow::Borrowed(stored) };
    let read = || {
        let bytes = STANDARD.decode(text).ok()?;
        let mut json = String::new();
        DeflateDecoder::new(bytes.as_slice()).take(LONGEST).read_to_string(&mut json).ok()?;
        Some(json)
    };
    read().map_or(Cow::Borrowed(stored), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_pack_to_a_fraction_and_older_text_is_read_as_it_is() {
        let days = (0..400)
            .map(|day| format!(r#"{{"day":"2026-{day}","p10":"{}.1234","p90":"{}.5678"}}"#, day * 97, day * 131));
        let json = format!("[{}]", days.collect::<Vec<_>>().join(","));
        let stored = packed(&json);
        assert!(stored.len() * 3 < json.len(), "{} of {}", stored.len(), json.len());
        assert_eq!(unpacked(&stored), json);
        assert_eq!(unpacked(r#"{"an":"outlook"}"#), r#"{"an":"outlook"}"#);
        for damaged in ["deflate:", "deflate:!", &stored[..stored.len() / 2]] {
            assert!(serde_json::from_str::<serde_json::Value>(&unpacked(damaged)).is_err(), "{damaged}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in ".*") {
            let stored = packed(&text);
            prop_assert_eq!(unpacked(&stored), text);
        }
    }
}

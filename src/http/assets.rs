//! What the page loads: its stylesheets and scripts, compiled in. Each address carries a hash of the content, so that a
//! browser keeps it for good and a new program brings new addresses.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::failure::Failure;
use crate::report::{NavAssets, STYLESHEET};

/// For a year, which is the longest that is heeded.
const FOR_GOOD: &str = "private, max-age=31536000, immutable";
/// Digits of the hash that stand in an address.
const HASH_DIGITS: usize = 12;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    body: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// In the order in which the page loads them.
const ASSETS: [Asset; 9] = [
    Asset { name: "uPlot.min.css", media_type: CSS, body: include_str!("../../dashboards/vendor/uPlot.min.css") },
    Asset { name: "style.css", media_type: CSS, body: STYLESHEET },
    Asset {
        name: "uPlot.iife.min.js",
        media_type: SCRIPT,
        body: include_str!("../../dashboards/vendor/uPlot.iife.min.js"),
    },
    Asset { name: "parts.js", media_type: SCRIPT, body: include_str!("../../dashboards/script/parts.js") },
    Asset { name: "words.js", media_type: SCRIPT, body: include_str!("../../dashboards/script/words.js") },
    Asset { name: "charts.js", media_type: SCRIPT, body: include_str!("../../dashboards/script/charts.js") },
    Asset { name: "whatif.js", media_type: SCRIPT, body: include_str!("../../dashboards/script/whatif.js") },
    Asset { name: "alerts.js", media_type: SCRIPT, body: include_str!("../../dashboards/script/alerts.js") },
    Asset { name: "draft.js", media_type: SCRIPT, body: include_str!("../../dashboards/script/draft.js") },
];

/// Addresses of all, relative to the page, so that they hold wherever it is served.
pub fn addresses() -> NavAssets {
    static ADDRESSES: LazyLock<NavAssets> = LazyLock::new(|| {
        let of = |media_type: &str| {
            let wanted = ASSETS.iter().filter(|asset| asset.media_type == media_type);
            wanted.map(|asset| format!("assets/{}/{}", hash(asset), asset.name)).collect()
        };
        NavAssets { stylesheets: of(CSS), scripts: of(SCRIPT) }
    });
    ADDRESSES.clone()
}

fn hash(asset: &Asset) -> String {
    let mut digits = hex::encode(Sha256::digest(asset.body));
    digits.truncate(HASH_DIGITS);
    digits
}

/// One of them. An address of another version is not answered with this one.
pub async fn asset(Path((version, name)): Path<(String, String)>) -> Result<Response, Failure> {
    let found = ASSETS.iter().find(|asset| asset.name == name && hash(asset) == version);
    let asset = found.ok_or_else(|| {
        Failure::new(StatusCode::NOT_FOUND, "this program has no such part of the page").advise("load the page anew")
    })?;
    let headers = [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, FOR_GOOD)];
    Ok((headers, asset.body).into_response())
}

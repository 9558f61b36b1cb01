//! Where the program's files are.

use std::path::Path;

/// The folder with the program's `Cargo.toml`.
pub fn package_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests' package is a folder of the program's")
}

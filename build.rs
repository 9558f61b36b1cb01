//! Says where DuckDB comes from, and lets a program that links DuckDB's own library find it at run time. Every package whose programs
//! or tests link it runs this.

use std::env;
use std::path::PathBuf;

/// Where the build script of `libduckdb-sys` lays the library that it downloads, from the folder of the profile. The version is
/// that of the crate `duckdb`.
const DOWNLOADED: &str = "duckdb-download";
const VERSION: &str = "v2.0.0";

fn main() {
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    let (bundled, prebuilt) = (cfg!(feature = "bundled"), cfg!(feature = "prebuilt"));
    let given = env::var_os("DUCKDB_LIB_DIR").map(PathBuf::from);
    if bundled {
        if prebuilt {
            println!(
                "cargo::warning=DuckDB is compiled although the feature prebuilt is on, because bundled is on too: add \
                 --no-default-features"
            );
        }
        return;
    }
    let target = env::var("TARGET").unwrap_or_default();
    let folder = match given {
        Some(given) => given.display().to_string(),
        None if prebuilt => format!("$ORIGIN/../{DOWNLOADED}/{target}/{VERSION}"),
        None => {
            println!(
                "cargo::error=no DuckDB to build with: add --features bundled (compiles it), --features prebuilt (downloads its \
                 library), or set DUCKDB_LIB_DIR to the folder that libduckdb is in"
            );
            return;
        }
    };
    // Windows looks beside the program, and macOS where the library says that it is.
    if target.contains("linux") {
        // Programs lie in the folder of the profile, tests and benches one below.
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
        if folder.starts_with('$') {
            println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.replacen("$ORIGIN/", "$ORIGIN/../", 1));
        }
    }
}

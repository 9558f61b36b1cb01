//! What a command prints for people and for pipes.
//!
//! The standard macros panic when the reader of a pipe has had enough (`glidepath whatif | head -3`). These end the
//! program quietly then, like other tools do.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};
use std::process;

/// Like `print!`.
macro_rules! out {
    ($($words:tt)*) => { $crate::cli::out::write(format_args!($($words)*)) };
}

/// Like `println!`.
macro_rules! outln {
    () => { $crate::cli::out::write(format_args!("\n")) };
    ($format:literal $($values:tt)*) => { $crate::cli::out::write(format_args!("{}\n", format_args!($format $($values)*))) };
}

pub(super) use {out, outln};

/// Writes to the standard output. A closed pipe ends the program as done, any other failure (a full disk behind `>`) as
/// failed: what would follow could not be read either, and a cut store loses nothing.
pub fn write(words: Arguments<'_>) {
    let Err(error) = std::io::stdout().write_fmt(words) else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        process::exit(0);
    }
    eprintln!("glidepath: writing to the standard output: {error}");
    process::exit(1);
}

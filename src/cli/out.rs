//! What a command prints for people and for pipes: the only place that writes to the terminal.
//!
//! Invariants: what comes from outside (AWS, a bill, a file, a note, a caller's address) moves no cursor, turns no direction and
//! begins no line of its own, since what is not seen is written as its code here and not where it is printed; JSON stays the same
//! JSON; who reads from a pipe may have had enough.
//!
//! The standard macros panic when the reader of a pipe has had enough (`glidepath whatif | head -3`). These end the
//! program quietly then, like other tools do.

use std::fmt::{Arguments, Display};
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::process;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::domain::values::printable::{printable, printable_json, printable_lines, printable_message};
use crate::report::Format;

/// Like `println!`, of one line: a line end within it is written as its code.
macro_rules! outln {
    () => { $crate::cli::out::line(format_args!("")) };
    ($format:literal $($values:tt)*) => { $crate::cli::out::line(format_args!($format $($values)*)) };
}

/// Like `eprintln!`. A line end begins a line that is indented, so that nothing within a message looks like another one.
macro_rules! errln {
    ($format:literal $($values:tt)*) => { $crate::cli::out::error(format_args!($format $($values)*)) };
}

pub(super) use {errln, outln};

/// Writes a line to the standard output.
pub fn line(words: Arguments<'_>) {
    write(&format!("{}\n", printable(&words.to_string())));
}

/// Writes lines that are put together here, such as a table, and ends the last one. Whoever puts them together sees to it that
/// nothing from outside ends a line in them, as [`table`](super::table::table) does.
pub fn block(lines: impl Display) {
    let lines = lines.to_string();
    let end = if lines.ends_with('\n') { "" } else { "\n" };
    write(&format!("{}{end}", printable_lines(&lines)));
}

/// Writes a value as JSON.
///
/// # Errors
/// If it is none.
pub fn json(value: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(value).context("writing the answer as JSON")?;
    write(&format!("{}\n", printable_json(&json)));
    Ok(())
}

/// Writes a document as it is into a pipe or a file, where its bytes count. On a terminal it is shown like everything else, with
/// what is not seen as its code.
///
/// # Errors
/// If the standard output cannot be written.
pub fn document(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout();
    if is_read_by_people() {
        block(String::from_utf8_lossy(bytes));
        return Ok(());
    }
    stdout.write_all(bytes).and_then(|()| stdout.flush()).context("writing to the standard output")
}

/// Why a report in `format` is not written to the standard output; `None` where it may be.
pub fn refused_on_terminal(format: Format, is_terminal: bool) -> Option<String> {
    (is_terminal && format.is_binary()).then(|| {
        format!("a report as {format} is no text for a terminal: add `-o FILE`, or send it into a pipe or a file")
    })
}

/// True if people read what is written to the standard output.
pub fn is_read_by_people() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes a question to the standard error, and leaves the line open for its answer.
pub fn prompt(words: Arguments<'_>) {
    // Where it cannot be shown, what is read then is an answer all the same.
    let _ = std::io::stderr().write_all(printable(&words.to_string()).as_bytes());
}

/// Writes a message to the standard error.
pub fn error(words: Arguments<'_>) {
    write_error(words);
}

/// A closed pipe ends the program as done, any other failure (a full disk behind `>`) as failed: what would follow could not be
/// read either, and a cut store loses nothing.
fn write(text: &str) {
    let Err(error) = std::io::stdout().write_all(text.as_bytes()) else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        process::exit(0);
    }
    write_error(format_args!("glidepath: writing to the standard output: {error}"));
    process::exit(1);
}

fn write_error(words: Arguments<'_>) {
    // Nobody is left to be told that nobody can be told.
    let _ = std::io::stderr().write_all(format!("{}\n", printable_message(&words.to_string())).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_goes_into_a_pipe_or_a_file_and_to_no_terminal() {
        for format in Format::ALL {
            assert_eq!(refused_on_terminal(format, false), None, "{format}");
            let refused = refused_on_terminal(format, true);
            match format {
                Format::Pdf | Format::Xlsx => {
                    let refused = refused.unwrap();
                    assert!(refused.contains("add `-o FILE`") && !refused.contains('\n'), "{refused}");
                }
                _ => assert_eq!(refused, None, "{format}"),
            }
        }
    }
}

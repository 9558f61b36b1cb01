//! What each command needs of the config, and whether a daemon can answer it.
//!
//! A command that reads needs no more of the config than it uses: a mistake in a channel keeps nobody from seeing where they stand.

use super::command_line::Command;
use crate::config::Uses;

/// What a figure is made of where the store is opened by the command itself.
const FIGURES: &[&str] = &["store", "aws", "pool", "projection", "alerts"];
/// The same for a report, which also says who hands it on.
const PAPERS: &[&str] = &["store", "aws", "pool", "projection", "alerts", "partner"];
/// What rows are read from as they are stored.
const ROWS: &[&str] = &["store"];
/// What a filing is read and priced with by the command itself.
const BOOK: &[&str] = &["aws", "projection"];

/// What a command needs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Needs {
    /// Whether a daemon can answer it, so that `--url` may name one.
    pub asks: bool,
    /// Whether the whole config has to be sound, as for whatever writes.
    pub whole: bool,
    /// Whether it does its work where there is no config.
    pub without_file: bool,
    /// Otherwise what has to be.
    pub uses: Uses,
}

impl Needs {
    /// Those of a command.
    pub fn of(command: &Command) -> Needs {
        let writes = Needs { asks: true, whole: true, ..Needs::default() };
        let reads = |with_store| Needs { asks: true, uses: Uses { with_store, ..Uses::default() }, ..Needs::default() };
        let figures = reads(FIGURES);
        match command {
            Command::Status(_) | Command::Whatif(_) | Command::Replay(_) => figures,
            Command::Audit(_) | Command::Verify(_) | Command::Health => reads(ROWS),
            Command::Share(args) if args.only_reads() => reads(ROWS),
            Command::Alerts(args) if args.only_reads() => figures,
            Command::Credits(args) if args.only_reads() => figures,
            Command::Plan(args) if args.only_reads() => figures,
            Command::Report(args) if args.needs_no_config() => Needs {
                without_file: true,
                uses: Uses { always: &["aws", "projection", "partner"], ..Uses::default() },
                ..figures
            },
            Command::Report(args) if args.only_reads() => reads(PAPERS),
            Command::Budgets(args) => {
                let uses = Uses { always: BOOK, ..figures.uses };
                Needs { without_file: args.needs_no_config(), uses, ..figures }
            }
            Command::Projection(args) => {
                let always = if args.reads_book() { BOOK } else { &[] };
                let uses = Uses { always, files: args.reads_files(), ..figures.uses };
                let whole = !args.only_reads();
                Needs { whole, without_file: args.needs_no_config(), uses, ..figures }
            }
            Command::Serve(_) | Command::Restore(_) => Needs { asks: false, ..writes },
            Command::Check(_) => Needs { asks: false, uses: Uses { files: true, ..Uses::default() }, ..writes },
            Command::Cycle(_)
            | Command::Accept(_)
            | Command::Backup(_)
            | Command::Share(_)
            | Command::Alerts(_)
            | Command::Credits(_)
            | Command::Plan(_)
            | Command::Report(_) => writes,
            // They have no config.
            _ => Needs::default(),
        }
    }
}

//! Log lines on standard error.
//!
//! Invariant: what a line says of the world outside begins no line that looks like another one, moves no cursor and turns no
//! direction: it is escaped here, in text as elsewhere on the terminal and in JSON as JSON does it.

use std::fmt::Debug;
use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;

use clap::ValueEnum;
use tracing::field::Field;
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::writer::{BoxMakeWriter, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::domain::values::printable::{printable, printable_json, printable_message};

/// What the names of the SDK's crates begin with.
const SDK: &str = "aws_";

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// What the daemon does.
    Daemon,
    /// Warnings only: the command prints its own result.
    Quiet,
}

/// Lines of a daemon that wait for whoever reads them; more are dropped.
const WAITING_LINES: usize = 10_000;

/// How many lines a daemon has dropped, because nobody read them.
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// How many lines were dropped, because nobody read them.
pub fn dropped_lines() -> usize {
    DROPPED.get().map_or(0, ErrorCounter::dropped_lines)
}

/// Starts logging. `RUST_LOG` overrides how much is said. A daemon does not wait for who reads its lines: a thread of its own
/// writes them, until what is given back is dropped.
#[must_use]
pub fn start(format: LogFormat, verbosity: Verbosity) -> Option<WorkerGuard> {
    // A name stands for all that begin with it: the packages of the store and of reports too.
    let default = match verbosity {
        Verbosity::Daemon => "warn,glidepath=info",
        Verbosity::Quiet => "error,glidepath=warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let filter = filter.and(filter_fn(without_credentials));
    let (writer, guard) = writer(verbosity);
    let lines = match format {
        // Colours are for people: a file or a collector would keep their codes.
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_writer(writer)
            .with_target(false)
            .with_ansi(io::stderr().is_terminal())
            .fmt_fields(debug_fn(write_field).delimited(" "))
            .boxed(),
        LogFormat::Json => {
            tracing_subscriber::fmt::layer().with_writer(EscapedJson(writer)).json().flatten_event(true).boxed()
        }
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    guard
}

fn writer(verbosity: Verbosity) -> (BoxMakeWriter, Option<WorkerGuard>) {
    match verbosity {
        Verbosity::Quiet => (BoxMakeWriter::new(io::stderr), None),
        Verbosity::Daemon => {
            let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES);
            let (writer, guard) = builder.thread_name("log").finish(io::stderr());
            let _first = DROPPED.set(writer.error_counter());
            (BoxMakeWriter::new(writer), Some(guard))
        }
    }
}

/// What happened, or a name and its value; in a line of text.
fn write_field(line: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    let value = format!("{value:?}");
    match field.name() {
        "message" => write!(line, "{}", printable_message(&value)),
        name => write!(line, "{name}={}", printable(&value)),
    }
}

/// Escapes lines of JSON on their way: a serialiser leaves C1 controls and direction marks as they are.
struct EscapedJson<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for EscapedJson<W> {
    type Writer = EscapedJson<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        EscapedJson(self.0.make_writer())
    }
}

impl<W: Write> Write for EscapedJson<W> {
    /// A line comes whole, in one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(printable_json(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Keeps the SDK to warnings whatever `RUST_LOG` asks for: at finer levels it writes request headers, and with them the id
/// of the access key.
fn without_credentials(line: &Metadata<'_>) -> bool {
    !line.target().starts_with(SDK) || *line.level() <= Level::WARN
}

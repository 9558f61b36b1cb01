//! What a test's own thread logs, for tests of what no log may hold.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Level};

/// Collects every event of this thread as a line of JSON, from its start until it is dropped.
pub struct Log {
    lines: Lines,
    _here: DefaultGuard,
    _second: Dispatch,
}

impl Log {
    pub fn start() -> Log {
        let lines = Lines::default();
        let writer = lines.clone();
        // Beside a single subscriber the library asks whichever thread comes first, here another test's, whether an event
        // is wanted, and remembers the answer; beside two it asks both.
        let second = Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
        let subscriber =
            tracing_subscriber::fmt().json().with_max_level(Level::TRACE).with_writer(move || writer.clone()).finish();
        Log { lines, _here: tracing::subscriber::set_default(subscriber), _second: second }
    }

    /// What was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

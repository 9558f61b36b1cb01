//! What an error of the store means for the store itself. DuckDB and the system tell kinds apart by their text alone.

/// What is wrong with the disk that the store lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskTrouble {
    /// No room is left, or none of what this user may take.
    Full,
    /// It can only be read.
    ReadOnly,
    /// It does not do as it is told.
    Sick,
}

impl DiskTrouble {
    /// What an error says of a disk, if anything.
    pub fn of(error: &str) -> Option<DiskTrouble> {
        let words = [
            ("No space left on device", DiskTrouble::Full),
            ("Disk quota exceeded", DiskTrouble::Full),
            ("File too large", DiskTrouble::Full),
            ("Read-only file system", DiskTrouble::ReadOnly),
            ("attached in read-only mode", DiskTrouble::ReadOnly),
            ("Input/output error", DiskTrouble::Sick),
        ];
        words.into_iter().find(|(word, _)| error.contains(word)).map(|(_, trouble)| trouble)
    }
}

/// True after an error with which DuckDB refuses everything until the file is opened anew.
pub fn is_unusable(error: &str) -> bool {
    error.contains("FATAL Error") || error.contains("database has been invalidated")
}

/// True where the file, or its log, is not what was written.
pub fn is_damage(error: &str) -> bool {
    let words = [
        "orrupt database file",
        "Corrupt WAL",
        "replaying WAL file",
        "not a valid DuckDB database file",
        "Could not read enough bytes",
        "data may be corrupt",
        "Serialization Error",
    ];
    words.iter().any(|words| error.contains(words)) && !says_nothing_of_the_file(error)
}

/// True where a file could not be opened for a reason that lies outside it, or that a newer DuckDB wrote it.
pub fn says_nothing_of_the_file(error: &str) -> bool {
    let words = [
        "Could not set lock",
        "Cannot open file",
        "Out of Memory Error",
        "Cannot allocate memory",
        "Too many open files",
    ];
    words.iter().any(|words| error.contains(words)) || is_of_newer_duckdb(error) || DiskTrouble::of(error).is_some()
}

/// True for a file that a newer DuckDB wrote.
pub fn is_of_newer_duckdb(error: &str) -> bool {
    error.contains("we can only read storage versions") || error.contains("newer version of DuckDB")
}

//! How the file of a store may be used.

/// How the file may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Writable,
    /// Its disk can only be read.
    ReadOnly,
}

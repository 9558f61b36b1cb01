//! What is wrong with a store's file.

/// What is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// In words.
    pub reason: String,
    /// What has to hold of its facts and does not, where all of it can be read.
    pub broken: Vec<String>,
}

impl Damage {
    /// Of a file that cannot be read whole.
    pub fn of_file(reason: impl Into<String>) -> Damage {
        Damage { reason: reason.into(), broken: Vec::new() }
    }

    /// There is no file.
    pub fn missing() -> Damage {
        Damage::of_file("it was missing")
    }
}

//! Hostile readers, neighbours and text, tried on the real program and its parts.

mod files;
mod flood;
mod large;
mod partners;

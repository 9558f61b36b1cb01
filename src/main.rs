//! The `glidepath` command.

fn main() {}

//! `glidepath completions` and `glidepath man`: made out of the command line's own definition.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::files;
use super::out::{self, outln};
use crate::domain::wording::trouble::Trouble;

/// The program's name in scripts and pages, whatever its file is called.
const NAME: &str = "glidepath";

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Folder for the pages; it is made where it is missing.
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

/// Prints a script that completes the command line.
pub fn completions(args: &CompletionArgs, mut program: Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, NAME, &mut script);
    out::document(&script)
}

/// Writes a page for the program and for each command, `glidepath-projection-file.1` and the like.
pub fn man(args: &ManArgs, mut program: Command) -> Result<()> {
    let folder = &args.output;
    let made = std::fs::create_dir_all(folder);
    made.map_err(|error| {
        Trouble::FileNotUsable
            .said(format!("the folder {} cannot be made: {error}; name another with -o", folder.display()))
    })?;
    program.build();
    let count = pages(&program, folder)?;
    outln!(
        "{count} pages in {}; `man -l {}` shows the first",
        folder.display(),
        folder.join(format!("{NAME}.1")).display()
    );
    Ok(())
}

/// The pages of a command and of those below it; how many there are.
fn pages(command: &Command, folder: &Path) -> Result<usize> {
    let mut count = 1;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        count += pages(below, folder)?;
    }
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text).context("writing a manual page")?;
    files::write("the manual page", &folder.join(page.get_filename()), &text)?;
    Ok(count)
}

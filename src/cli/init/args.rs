//! The flags of `init`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;

use super::choices::{ChannelChoice, parse_channel, parse_listen, parse_name};

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder for the config, the store and its backups; it is made where it is missing [default: this folder].
    #[arg(long, value_name = "FOLDER")]
    pub(super) dir: Option<PathBuf>,
    /// What the startup is called.
    #[arg(long, value_parser = parse_name)]
    pub(super) name: Option<String>,
    /// Whether AWS lists the credits, or they are typed into the config [default: aws].
    #[arg(long, value_enum)]
    pub(super) pools: Option<Pools>,
    /// Where alerts go, and the environment variable that will hold its secret, such as slack=GLIDEPATH_SLACK_URL; none for nowhere
    /// [default: none].
    #[arg(long, value_name = "TYPE=ENV", value_parser = parse_channel)]
    pub(super) channel: Option<ChannelChoice>,
    /// Address and port of the page [default: 127.0.0.1:8437].
    #[arg(long, value_name = "ADDRESS", value_parser = parse_listen)]
    pub(super) listen: Option<SocketAddr>,
    /// Ask nothing: what is not given is as by default.
    #[arg(long)]
    pub(super) yes: bool,
    /// Replace what is there.
    #[arg(long)]
    pub(super) force: bool,
}

/// Where pools come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pools {
    Aws,
    Manual,
}

//! How glibc's allocator is set for the daemon.
//!
//! Left alone, glibc keeps what each thread freed apart from the others, and a daemon that computed once holds twice what
//! it needs. It reads its settings from the environment before `main`, so the program starts itself once more with them.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// One arena for all threads; what is larger than 64 KiB goes back to the system at once, the rest from 128 KiB on.
const SETTINGS: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "131072")];

/// Becomes the same program with the settings, under the same process id; returns where they are there already, where
/// somebody chose others, and where it cannot be done, since the daemon runs without them too. To be called before any
/// thread starts.
pub fn set_for_a_daemon() {
    if !cfg!(target_env = "gnu") || SETTINGS.iter().any(|(name, _)| env::var_os(name).is_some()) {
        return;
    }
    let Ok(program) = env::current_exe() else { return };
    let mut arguments = env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    // Comes back only with an error.
    let _ = command.args(arguments).envs(SETTINGS).exec();
}

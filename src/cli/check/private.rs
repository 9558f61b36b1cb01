//! Who else may read what is kept: files and folders of the store and its backups, and files that hold a secret.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::config::Config;

/// Rights of everybody but the owner.
const OTHERS: u32 = 0o077;

/// A line for each file or folder that others may read or write.
pub fn lines(config: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    for path in &config.secret_files {
        lines.extend(open_to_others(path).map(|mode| {
            let shown = path.display();
            format!("warning   {shown} holds a secret, and others may read or change it (mode {mode:03o}): chmod 600 {shown}")
        }));
    }
    for path in kept(config) {
        lines.extend(open_to_others(&path).map(|mode| {
            let shown = path.display();
            if path.is_dir() {
                format!("warning   others may look into the folder {shown} (mode {mode:03o}): chmod 700 {shown}, unless they are meant to")
            } else {
                format!("warning   others may read or change {shown} (mode {mode:03o}): chmod 600 {shown}")
            }
        }));
    }
    lines
}

/// The mode of what others have a right to; `None` where they have none, or it is not there.
fn open_to_others(path: &Path) -> Option<u32> {
    // What cannot be looked at is told where it is needed.
    let mode = path.metadata().ok()?.permissions().mode() & 0o777;
    (mode & OTHERS != 0).then_some(mode)
}

/// What the store and its backups keep: the folder of each with the files in it that bear their names.
fn kept(config: &Config) -> Vec<PathBuf> {
    let store = config.store_path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = config.store_path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folders = [Some(beside), Some(config.backup_folder.as_path()), config.backup_to.as_deref()];
    let mut kept = Vec::new();
    for folder in folders.into_iter().flatten() {
        let Ok(entries) = folder.read_dir() else { continue };
        let is_ours = |name: &str| name.starts_with(&store) || name.contains("glidepath-");
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut files: Vec<PathBuf> = names.filter(|name| is_ours(name)).map(|name| folder.join(name)).collect();
        if files.is_empty() {
            continue;
        }
        files.sort();
        kept.push(folder.to_owned());
        kept.extend(files.into_iter().filter(|file| file.is_file()));
    }
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn what_others_may_read_is_told_and_what_they_may_not_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("backups")).unwrap();
        let modes = [
            ("a.duckdb", 0o600),
            ("a.duckdb.wal", 0o640),
            ("a.duckdb.id", 0o604),
            ("notes.txt", 0o666),
            ("key", 0o644),
            ("token", 0o400),
            ("backups/0123456789abcdef-glidepath-20261123T063005Z.duckdb", 0o620),
            ("backups", 0o755),
        ];
        for (name, mode) in modes {
            if name != "backups" {
                fs::write(at(name), "0123456789abcdef0123456789abcdef").unwrap();
            }
            fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
        }
        let text = "[store]\npath = \"a.duckdb\"\n[http]\nlink_key = { file = \"key\" }\n[[http.tokens]]\nname = \"a\"\nrole = \"ops\"\n\
                    token = { file = \"token\" }\n";
        let config = Config::parse(text, &at("glidepath.toml")).unwrap();
        let lines = lines(&config);
        let told = |name: &str, mode: &str| {
            let shown = at(name).display().to_string();
            lines.iter().any(|line| line.contains(&format!("{shown} ")) && line.contains(&format!("(mode {mode})")))
        };
        assert!(told("a.duckdb.wal", "640") && told("a.duckdb.id", "604") && told("backups", "755"), "{lines:#?}");
        assert!(told("key", "644") && told(modes[6].0, "620"), "{lines:#?}");
        assert_eq!(lines.len(), 5, "{lines:#?}");
    }
}

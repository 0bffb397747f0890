//! Main memory, within what a container may use.

use std::path::{Path, PathBuf};

use super::{number, text};
use crate::Memory;

pub fn read(root: &Path) -> Memory {
    let info = text(root.join("proc/meminfo")).unwrap_or_default();
    let total = value(&info, "MemTotal");
    // Kernels before 3.14 have no MemAvailable.
    let available = value(&info, "MemAvailable")
        .or_else(|| Some(value(&info, "MemFree")?.saturating_add(value(&info, "Cached").unwrap_or(0))));
    let groups = groups(root, "memory");
    let limits: Vec<Limit> = groups.iter().filter_map(|folder| Limit::read(folder)).collect();
    let within = |bytes: Option<u64>, of: fn(&Limit) -> u64| {
        let least = limits.iter().map(of).min();
        match (bytes, least) {
            (Some(bytes), Some(least)) => Some(bytes.min(least)),
            (bytes, _) => bytes,
        }
    };
    Memory {
        total_bytes: within(total, |limit| limit.bytes),
        available_bytes: within(available, Limit::available_bytes),
        bandwidth: None,
        rates: None,
    }
}

/// A line of `/proc/meminfo`, in bytes: `MemTotal:       16384256 kB`, where kB are KiB.
fn value(info: &str, key: &str) -> Option<u64> {
    let line = info.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024).filter(|bytes| *bytes > 0)
}

/// What a group of processes may use, and uses.
struct Limit {
    bytes: u64,
    used_bytes: u64,
    /// Part of what is used that the kernel gives back when it must: file pages not read for a while.
    reclaimable_bytes: u64,
}

impl Limit {
    fn read(folder: &Path) -> Option<Self> {
        let v2: Vec<u64> = ["memory.max", "memory.high"].iter().filter_map(|name| number(folder.join(name))).collect();
        let (bytes, used, inactive) = match v2.iter().min() {
            Some(least) => (*least, "memory.current", "inactive_file"),
            None => (number(folder.join("memory.limit_in_bytes"))?, "memory.usage_in_bytes", "total_inactive_file"),
        };
        let stat = text(folder.join("memory.stat")).unwrap_or_default();
        let reclaimable = stat.lines().find_map(|line| line.strip_prefix(inactive)?.trim().parse().ok());
        Some(Self {
            bytes,
            used_bytes: number(folder.join(used)).unwrap_or(0),
            reclaimable_bytes: reclaimable.unwrap_or(0),
        })
    }

    fn available_bytes(&self) -> u64 {
        self.bytes.saturating_sub(self.used_bytes.saturating_sub(self.reclaimable_bytes))
    }
}

/// The folders that can hold limits for this process on memory (or `cpu`), its own group and all above it, in both
/// versions of cgroups. Inside a container the path in `/proc/self/cgroup` may be one of the host's that is not shown;
/// the top folder is then the container's own.
pub fn groups(root: &Path, controller: &str) -> Vec<PathBuf> {
    let list = text(root.join("proc/self/cgroup")).unwrap_or_default();
    let top = root.join("sys/fs/cgroup");
    let mut folders = Vec::new();
    for line in list.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let tops = if controllers.is_empty() {
            // Version 2, alone or beside version 1.
            vec![top.clone(), top.join("unified")]
        } else if controllers.split(',').any(|name| name == controller) {
            vec![top.join(controller), top.join(controllers)]
        } else {
            continue;
        };
        for top in tops {
            // A path that leads upwards is one outside the container: only the top is ours.
            let inside = !path.split('/').any(|part| part == "..");
            let own = top.join(if inside { path.trim_start_matches('/') } else { "" });
            folders.extend(own.ancestors().take_while(|folder| folder.starts_with(&top)).map(Path::to_owned));
        }
    }
    if folders.is_empty() {
        folders = vec![top.clone(), top.join(controller)];
    }
    folders.sort();
    folders.dedup();
    folders
}

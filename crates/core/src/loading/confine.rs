//! A limit on the engine's memory that the system itself keeps: a control group of its own, on Linux where this process
//! may make one. Elsewhere the limit is planned with, and the window says so.

use std::{fs, io, path::PathBuf};

/// How such a group is called; the number of the engine process follows.
const NAME: &str = "paddock-engine-";

/// The group of one engine process. Taken away when dropped, if the process has ended.
#[derive(Debug)]
pub(super) struct Confined {
    folder: PathBuf,
}

impl Confined {
    /// Moves a process into a group that may use so much memory; the pages of files that it reads count.
    ///
    /// # Errors
    /// What the system says, mostly that this is not allowed.
    pub(super) fn new(pid: u32, limit_bytes: u64) -> io::Result<Self> {
        let Parent { folder: parent, limit_file } = parent()?;
        take_away_left_overs(&parent);
        let folder = parent.join(format!("{NAME}{pid}"));
        fs::create_dir(&folder)?;
        let confined = Self { folder };
        fs::write(confined.folder.join(limit_file), limit_bytes.to_string())?;
        fs::write(confined.folder.join("cgroup.procs"), pid.to_string())?;
        Ok(confined)
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        // A group with a process in it stays; the next one that is made takes it away.
        let _busy = fs::remove_dir(&self.folder);
    }
}

/// Where a group can be made, and how its limit is called there.
struct Parent {
    folder: PathBuf,
    limit_file: &'static str,
}

fn parent() -> io::Result<Parent> {
    let list = fs::read_to_string("/proc/self/cgroup")?;
    let mut version_2 = None;
    for line in list.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let path = path.trim_start_matches('/');
        if controllers.split(',').any(|name| name == "memory") {
            let folder = PathBuf::from("/sys/fs/cgroup/memory").join(path);
            return Ok(Parent { folder, limit_file: "memory.limit_in_bytes" });
        }
        if controllers.is_empty() {
            version_2 = Some(PathBuf::from("/sys/fs/cgroup").join(path));
        }
    }
    // In version 2 a group with processes in it has no groups with limits below it: only beside it.
    let beside = version_2.as_deref().and_then(|own| own.parent());
    let beside = beside.ok_or_else(|| io::Error::other("this process is in no group"))?;
    let controllers = fs::read_to_string(beside.join("cgroup.subtree_control"))?;
    if !controllers.split_whitespace().any(|name| name == "memory") {
        return Err(io::Error::other("memory is not limited by groups here"));
    }
    Ok(Parent { folder: beside.to_owned(), limit_file: "memory.max" })
}

/// Groups of engines that have ended. One that is in use cannot be taken away.
fn take_away_left_overs(parent: &std::path::Path) {
    let Ok(groups) = fs::read_dir(parent) else { return };
    for group in groups.filter_map(Result::ok) {
        if group.file_name().to_string_lossy().starts_with(NAME) {
            let _in_use = fs::remove_dir(group.path());
        }
    }
}

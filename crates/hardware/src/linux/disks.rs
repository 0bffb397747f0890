//! Drives that can hold models.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::text;
use crate::{Disk, DiskKind};

/// How full a file system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Its size in bytes.
    pub total_bytes: u64,
    /// What an ordinary user can still write, in bytes.
    pub free_bytes: u64,
}

/// File systems on a drive of this computer that do not name it as `/dev/…`.
const POOLS: [&str; 2] = ["zfs", "bcachefs"];

/// A container's root; the drive below it is the host's secret.
const LAYERED: [&str; 4] = ["overlay", "aufs", "fuse-overlayfs", "fuse.fuse-overlayfs"];

/// File systems that cannot be written to.
const READ_ONLY: [&str; 4] = ["squashfs", "iso9660", "udf", "erofs"];

/// Folders that belong to the system or to other programs' containers, whatever is mounted there. `/etc` holds single
/// files mounted into containers.
const SYSTEM_FOLDERS: [&str; 11] = [
    "/boot",
    "/dev",
    "/efi",
    "/etc",
    "/proc",
    "/run",
    "/snap",
    "/sys",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/snap",
];

/// Where desktops mount what is plugged in, although it is below `/run`.
const PLUGGED_IN: &str = "/run/media";

/// One line of `/proc/self/mountinfo`; see proc_pid_mountinfo(5).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mount {
    /// `major:minor` of the device; some file systems (btrfs, overlay) have one that belongs to no drive.
    device: String,
    point: String,
    is_writable: bool,
    file_system: String,
    /// Mostly the device's file, such as `/dev/sda1`.
    source: String,
}

/// The drives, each once, the largest free space first.
pub fn read(root: &Path, space: &dyn Fn(&Path) -> Option<Space>) -> Vec<Disk> {
    let list = text(root.join("proc/self/mountinfo")).unwrap_or_default();
    let mut disks: Vec<Disk> = each_once(list.lines().filter_map(parse).filter(can_hold_models).collect())
        .into_iter()
        .filter_map(|mount| disk(root, &mount, space))
        .collect();
    disks.sort_by_key(|disk| std::cmp::Reverse(disk.free_bytes));
    disks
}

fn parse(line: &str) -> Option<Mount> {
    let (mount, rest) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(2);
    let device = mount.next()?.to_owned();
    let point = unescape(mount.nth(1)?);
    let options = mount.next()?;
    let mut rest = rest.split(' ');
    let file_system = rest.next()?.to_owned();
    let source = unescape(rest.next()?);
    let super_options = rest.next().unwrap_or_default();
    let read_only = [options, super_options].iter().any(|options| options.split(',').any(|option| option == "ro"));
    Some(Mount { device, point, is_writable: !read_only, file_system, source })
}

/// The kernel writes blanks, tabs, line ends and backslashes as `\040` and so on.
fn unescape(field: &str) -> String {
    let mut pieces = field.split('\\');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(code) => {
                plain.push(char::from(code));
                plain.push_str(&piece[3..]);
            }
            None => {
                plain.push('\\');
                plain.push_str(piece);
            }
        }
    }
    plain
}

fn can_hold_models(mount: &Mount) -> bool {
    let below = |folder: &str| Path::new(&mount.point).starts_with(folder);
    let local = (mount.source.starts_with("/dev/") && !mount.source.starts_with("/dev/fuse"))
        || POOLS.contains(&mount.file_system.as_str())
        || (mount.point == "/" && LAYERED.contains(&mount.file_system.as_str()));
    let in_system_folder = SYSTEM_FOLDERS.iter().any(|folder| below(folder)) && !below(PLUGGED_IN);
    local && mount.is_writable && !READ_ONLY.contains(&mount.file_system.as_str()) && !in_system_folder
}

/// One mount per drive: the one highest up, which is where people look.
fn each_once(mut mounts: Vec<Mount>) -> Vec<Mount> {
    mounts.sort_by_key(|mount| (Path::new(&mount.point).components().count(), mount.point.clone()));
    let mut seen = Vec::new();
    mounts.retain(|mount| {
        let drive = match mount.file_system.as_str() {
            // All datasets of a pool share its space.
            "zfs" => mount.source.split('/').next().unwrap_or_default(),
            // Subvolumes have devices of their own.
            _ if mount.source.starts_with("/dev/") && mount.source != "/dev/root" => &mount.source,
            _ => &mount.device,
        };
        let drive = drive.to_owned();
        let is_new = !seen.contains(&drive);
        seen.push(drive);
        is_new
    });
    mounts
}

fn disk(root: &Path, mount: &Mount, space: &dyn Fn(&Path) -> Option<Space>) -> Option<Disk> {
    let point = PathBuf::from(&mount.point);
    let Space { total_bytes, free_bytes } = space(&point).filter(|space| space.total_bytes > 0)?;
    let block = block_device(root, mount);
    Some(Disk {
        mount_point: point,
        total_bytes,
        free_bytes: free_bytes.min(total_bytes),
        kind: block.as_deref().map_or(DiskKind::Unknown, kind),
        file_system: mount.file_system.clone(),
        removable: block.as_deref().is_some_and(is_removable),
        read_gb_s: None,
    })
}

/// The folder of a drive (or of a part of it) in `/sys`.
fn block_device(root: &Path, mount: &Mount) -> Option<PathBuf> {
    let sys = root.join("sys");
    let by_number = sys.join("dev/block").join(&mount.device);
    let by_name = || {
        let name = Path::new(&mount.source).file_name()?;
        let folder = sys.join("class/block").join(name);
        folder.exists().then_some(folder)
    };
    let folder = Some(by_number).filter(|folder| folder.exists()).or_else(by_name).or_else(|| mapped(&sys, mount))?;
    // A link into the tree of devices, where the folder above a partition is its drive's.
    fs::canonicalize(folder).ok()
}

/// An encrypted or logical volume: `/dev/mapper/NAME` is the device `dm-N` that says NAME.
fn mapped(sys: &Path, mount: &Mount) -> Option<PathBuf> {
    let name = mount.source.strip_prefix("/dev/mapper/")?;
    let devices: HashMap<String, PathBuf> = fs::read_dir(sys.join("class/block"))
        .ok()?
        .filter_map(|entry| Some((text(entry.as_ref().ok()?.path().join("dm/name"))?, entry.ok()?.path())))
        .collect();
    devices.get(name).cloned()
}

fn kind(block: &Path) -> DiskKind {
    let rotational = |folder: &Path| text(folder.join("queue/rotational"));
    match rotational(block).or_else(|| rotational(block.parent()?)).as_deref() {
        Some("0") => DiskKind::Ssd,
        Some("1") => DiskKind::Hdd,
        _ => DiskKind::Unknown,
    }
}

/// Cards and sticks say so themselves; drives in USB cases do not, but sit below the USB controller.
fn is_removable(block: &Path) -> bool {
    let says = |folder: &Path| text(folder.join("removable")).is_some_and(|flag| flag == "1");
    let on_usb = block.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        name.strip_prefix("usb").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    });
    on_usb || says(block) || block.parent().is_some_and(says)
}

//! Drives as Linux lists them.
#![cfg(unix)] // Device numbers have a colon, which Windows does not allow in names.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use paddock_hardware::linux::{self, Space};
use paddock_hardware::{Disk, DiskKind};

use crate::{GIB, Root};

impl Root {
    fn mounts(self, lines: &[&str]) -> Self {
        self.file("proc/self/mountinfo", lines.join("\n") + "\n")
    }

    /// Adds a drive with one partition, in the tree of devices as the kernel has it.
    fn drive(self, place: &str, name: &str, number: &str, partition: &str, partition_number: &str) -> Self {
        let drive = format!("sys/devices/{place}/block/{name}");
        let root = self.file(&format!("{drive}/{partition}/partition"), "1\n");
        for (number, target) in [(number, drive.clone()), (partition_number, format!("{drive}/{partition}"))] {
            fs::create_dir_all(root.path().join("sys/dev/block")).unwrap();
            symlink(root.path().join(&target), root.path().join("sys/dev/block").join(number)).unwrap();
            fs::create_dir_all(root.path().join("sys/class/block")).unwrap();
            let name = Path::new(&target).file_name().unwrap();
            symlink(root.path().join(&target), root.path().join("sys/class/block").join(name)).unwrap();
        }
        root
    }
}

fn disks(root: &Root) -> Vec<Disk> {
    let space = |_: &Path| Some(Space { total_bytes: 500 * GIB, free_bytes: 100 * GIB });
    linux::hardware(root.path(), &space).disks
}

fn points(root: &Root) -> Vec<String> {
    disks(root).into_iter().map(|disk| disk.mount_point.to_string_lossy().into_owned()).collect()
}

/// A notebook: an NVMe drive, a hard disk, a stick, and what a desktop mounts beside them.
fn notebook() -> Root {
    Root::new()
        .mounts(&[
            "22 27 0:21 / /proc rw,relatime - proc proc rw",
            "24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334492k",
            "27 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro",
            "28 27 259:1 / /boot/efi rw,relatime shared:30 - vfat /dev/nvme0n1p1 rw,fmask=0077",
            "29 27 7:1 / /snap/core/17200 ro,nodev,relatime shared:31 - squashfs /dev/loop1 ro",
            "30 27 0:40 / /run/user/1000/doc rw,nosuid - fuse.portal portal rw,user_id=1000",
            "31 27 8:1 / /mnt/big\\040disk rw,relatime shared:33 - ext4 /dev/sda1 rw",
            "32 27 8:17 / /run/media/anna/STICK rw,nosuid - exfat /dev/sdb1 rw",
            "33 27 0:50 / /mnt/nas rw,relatime - nfs4 nas:/export rw,hard",
            "34 27 259:2 /var/lib/docker /srv/docker rw,relatime - ext4 /dev/nvme0n1p2 rw",
            "35 27 11:0 / /media/cdrom ro - iso9660 /dev/sr0 ro",
        ])
        .drive("pci0000:00/nvme/nvme0", "nvme0n1", "259:0", "nvme0n1p2", "259:2")
        .file("sys/devices/pci0000:00/nvme/nvme0/block/nvme0n1/queue/rotational", "0\n")
        .file("sys/devices/pci0000:00/nvme/nvme0/block/nvme0n1/removable", "0\n")
        .drive("pci0000:00/ata1", "sda", "8:0", "sda1", "8:1")
        .file("sys/devices/pci0000:00/ata1/block/sda/queue/rotational", "1\n")
        .drive("pci0000:00/usb2/2-1", "sdb", "8:16", "sdb1", "8:17")
        .file("sys/devices/pci0000:00/usb2/2-1/block/sdb/queue/rotational", "1\n")
}

#[test]
fn only_real_drives_are_listed_each_once() {
    assert_eq!(points(&notebook()), ["/", "/mnt/big disk", "/run/media/anna/STICK"]);
}

#[test]
fn drives_tell_whether_they_turn_and_whether_they_can_be_pulled_out() {
    let told: Vec<_> =
        disks(&notebook()).into_iter().map(|disk| (disk.kind, disk.removable, disk.file_system)).collect();
    assert_eq!(
        told,
        [
            (DiskKind::Ssd, false, "ext4".to_owned()),
            (DiskKind::Hdd, false, "ext4".to_owned()),
            (DiskKind::Hdd, true, "exfat".to_owned())
        ]
    );
}

#[test]
fn the_largest_free_space_comes_first_and_drives_without_an_answer_are_left_out() {
    let space = |point: &Path| match point.to_str()? {
        "/" => Some(Space { total_bytes: 500 * GIB, free_bytes: 20 * GIB }),
        "/mnt/big disk" => Some(Space { total_bytes: 4_000 * GIB, free_bytes: 900 * GIB }),
        _ => None,
    };
    let disks = linux::hardware(notebook().path(), &space).disks;
    let told: Vec<_> = disks.into_iter().map(|disk| (disk.mount_point, disk.free_bytes)).collect();
    assert_eq!(told, [(PathBuf::from("/mnt/big disk"), 900 * GIB), (PathBuf::from("/"), 20 * GIB)]);
}

#[test]
fn subvolumes_and_datasets_share_their_drive() {
    let btrfs = Root::new()
        .mounts(&[
            "27 1 0:25 /@ / rw,relatime - btrfs /dev/nvme0n1p3 rw,subvol=/@",
            "28 27 0:25 /@home /home rw,relatime - btrfs /dev/nvme0n1p3 rw,subvol=/@home",
            "29 27 0:27 /@log /var/log rw,relatime - btrfs /dev/nvme0n1p3 rw,subvol=/@log",
        ])
        .drive("pci0000:00/nvme/nvme0", "nvme0n1", "259:0", "nvme0n1p3", "259:3")
        .file("sys/devices/pci0000:00/nvme/nvme0/block/nvme0n1/queue/rotational", "0\n");
    assert_eq!(points(&btrfs), ["/"]);
    assert_eq!(disks(&btrfs)[0].kind, DiskKind::Ssd, "found by the partition's name");
    let zfs = Root::new().mounts(&[
        "27 1 0:25 / / rw - zfs rpool/ROOT/ubuntu rw",
        "28 27 0:26 / /home rw - zfs rpool/home rw",
        "29 27 0:27 / /tank rw - zfs tank rw",
    ]);
    assert_eq!(points(&zfs), ["/", "/tank"]);
    assert_eq!(disks(&zfs)[0].kind, DiskKind::Unknown);
}

#[test]
fn an_encrypted_drive_is_found_by_its_mapped_name() {
    let root = Root::new()
        .mounts(&["27 1 0:25 /@ / rw,relatime - btrfs /dev/mapper/luks-home rw,subvol=/@"])
        .file("sys/class/block/dm-0/dm/name", "luks-home\n")
        .file("sys/class/block/dm-0/queue/rotational", "0\n");
    assert_eq!(disks(&root)[0].kind, DiskKind::Ssd);
}

#[test]
fn a_container_has_its_root_and_what_is_mounted_into_it() {
    let root = Root::new().mounts(&[
        "600 500 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/a:/b,upperdir=/c,workdir=/d",
        "601 600 0:63 / /proc rw,nosuid - proc proc rw",
        "610 600 8:17 /var/lib/docker/containers/5f/hosts /etc/hosts rw,relatime - ext4 /dev/sdb1 rw",
        "613 600 8:1 /home/anna /home/anna/all rw,relatime - ext4 /dev/sda1 rw",
        "611 600 8:1 /home/anna/models /models rw,relatime - ext4 /dev/sda1 rw",
        "612 600 0:70 / /home/anna/.local/share/containers/storage/overlay/x/merged rw - overlay overlay rw",
    ]);
    assert_eq!(points(&root), ["/", "/models"]);
}

#[test]
fn a_drive_that_cannot_be_written_to_is_left_out() {
    let root = Root::new().mounts(&[
        "27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw",
        "28 27 8:2 / /mnt/a ro,relatime - ext4 /dev/sda2 rw",
        "29 27 8:3 / /mnt/b rw,relatime - ntfs3 /dev/sda3 ro",
    ]);
    assert_eq!(points(&root), ["/"]);
}

#[test]
fn names_with_odd_characters_are_read_as_they_are() {
    let root = Root::new().mounts(&[
        "27 1 8:1 / /mnt/a\\011b\\134c rw - ext4 /dev/sda1 rw",
        "28 1 8:2 / /mnt/ends\\04 rw - ext4 /dev/sda2 rw",
        "29 1 8:3 / /mnt/Größe\\ rw - ext4 /dev/sda3 rw",
        "30 1 8:4 / /mnt/half",
        "",
    ]);
    assert_eq!(points(&root), ["/mnt/Größe\\", "/mnt/a\tb\\c", "/mnt/ends\\04"]);
}

//! Drives that are full, small, old or closed. The tests need to mount file systems, and say so where they may not.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use paddock_hub::transfer::{Order, TransferError};
use paddock_test_hub::{Content, TestHub};

use super::{BLOCK_BYTES, Client, MIB, NAME, arrived, failed, repo, serve};

/// A small file system of its own; gone when it is dropped.
struct Mount {
    place: PathBuf,
    _image: Option<tempfile::NamedTempFile>,
    _folder: tempfile::TempDir,
}

impl Mount {
    /// In memory, with so many bytes.
    fn tmpfs(size_bytes: u64, more: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size_bytes}{more}");
        Self::new(folder, None, &["-t", "tmpfs", "-o", &options, "tmpfs"])
    }

    /// In a file, as on a drive of this kind.
    fn image(kind: &str, size_bytes: u64, options: &[&str]) -> Option<Self> {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(size_bytes).unwrap();
        let Ok(made) = Command::new(format!("mkfs.{kind}")).args(options).arg(image.path()).output() else {
            eprintln!("skipped: there is no mkfs.{kind}");
            return None;
        };
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let path = image.path().to_str().unwrap().to_owned();
        Self::new(tempfile::tempdir().unwrap(), Some(image), &["-o", "loop", &path])
    }

    fn new(folder: tempfile::TempDir, image: Option<tempfile::NamedTempFile>, what: &[&str]) -> Option<Self> {
        let place = folder.path().join("drive");
        fs::create_dir(&place).unwrap();
        let mounted = Command::new("mount").args(what).arg(&place).output().ok()?;
        if !mounted.status.success() {
            eprintln!("skipped: nothing can be mounted here: {}", String::from_utf8_lossy(&mounted.stderr).trim());
            return None;
        }
        Some(Self { place, _image: image, _folder: folder })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.place).status();
    }
}

/// Downloads to this drive.
fn on(client: &mut Client, drive: &Mount) {
    client.folder = tempfile::tempdir_in(&drive.place).unwrap();
}

/// D16: before.
#[tokio::test(flavor = "multi_thread")]
async fn too_little_room_is_said_with_numbers_before_the_first_byte() {
    let Some(drive) = Mount::tmpfs(64 * MIB, "") else { return };
    let content = Content::model(70, 100 * MIB);
    let server = serve(&content);
    let mut client = Client::of(&server);
    on(&mut client, &drive);
    failed(&client, client.get().await, &["needs 2.3 GB", "0.1 GB are free", "Free 2.2 GB"]);
    assert_eq!((server.served_bytes(), client.files().len()), (0, 0));
    let order =
        Order::resolve(&client.hub, &client.request().repo, "main", "Q4_K_M", client.folder.path()).await.unwrap();
    let looked = order.preflight();
    assert_eq!((looked.total_bytes, looked.missing_bytes), (content.len(), content.len()));
    assert!(matches!(looked.problem, Some(TransferError::DiskFull { .. })));
}

/// D20: a look leaves no folders, also not those that another one has just made for itself.
#[tokio::test(flavor = "multi_thread")]
async fn looks_at_one_drive_do_not_disturb_each_other() {
    let content = Content::model(76, MIB);
    let server = serve(&content);
    let client = Client::of(&server);
    let order =
        Order::resolve(&client.hub, &client.request().repo, "main", "Q4_K_M", client.folder.path()).await.unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let problem = order.preflight().problem;
                    assert!(problem.is_none(), "{problem:?}");
                }
            });
        }
    });
    assert_eq!(client.files().len(), 0);
}

/// D16: in the middle, at the last byte, at the journal, at the receipt, at the name.
#[tokio::test(flavor = "multi_thread")]
async fn a_drive_that_is_full_at_any_point_keeps_what_came_and_goes_on_when_there_is_room() {
    let content = Content::model(71, 64 * MIB);
    // With the room that is set aside for the file, a few kilobytes more decide how far it gets.
    for (name, filled_at, left_bytes) in [
        ("at the first block", 0, 0),
        ("at half", 32 * MIB, 0),
        ("at the last block", 60 * MIB, 0),
        ("at the receipt", 60 * MIB, 4_096),
        ("at the name", 60 * MIB, 8_192),
    ] {
        let Some(drive) = Mount::tmpfs(2_300 * MIB, "") else { return };
        let server = serve(&content);
        server.throttle(Some(6_000_000));
        let mut client = Client::of(&server);
        on(&mut client, &drive);
        let ballast = drive.place.join("ballast");
        let mut told = client.tell.subscribe();
        let (got, ()) = tokio::join!(client.get(), async {
            told.wait_for(|progress| !progress.targets.is_empty() && progress.done_bytes >= filled_at).await.unwrap();
            fill(&ballast, left_bytes);
            server.throttle(None);
        });
        // There may have been enough room after all, since bytes of the file have theirs already.
        if let Err(error) = got {
            assert!(matches!(error, TransferError::DiskFull { .. }), "{name}: {error:?}");
            let text = error.to_string();
            assert!(text.contains("not enough room") && text.contains("GB"), "{name}: {text}");
            let models: Vec<String> = client.files().into_iter().filter(|file| file.ends_with(".gguf")).collect();
            assert!(models.is_empty(), "{name}: {models:?}");
            fs::remove_file(&ballast).unwrap();
            arrived(&client, &content, client.get().await);
            let again = server.served_bytes() - content.len();
            assert!(again <= 64 * MIB, "{name}: {again} bytes came twice");
        }
    }
}

/// Fills a drive but for some bytes.
fn fill(ballast: &Path, left_bytes: u64) {
    let free = paddock_hub::free_bytes(ballast.parent().unwrap()).unwrap();
    let chunk = vec![1; MIB as usize];
    let mut file = fs::File::create(ballast).unwrap();
    let mut to_write = free.saturating_sub(left_bytes);
    while to_write > 0 {
        let n_bytes = to_write.min(MIB) as usize;
        if std::io::Write::write_all(&mut file, &chunk[..n_bytes]).is_err() {
            break;
        }
        to_write -= n_bytes as u64;
    }
}

/// D17.
#[tokio::test(flavor = "multi_thread")]
async fn a_drive_with_fat32_takes_short_files_and_says_so_of_long_ones() {
    let Some(drive) = Mount::image("vfat", 12_000 * MIB, &[]) else { return };
    let long = Content::model(72, 5_000 * MIB);
    let server = serve(&long);
    let mut client = Client::of(&server);
    on(&mut client, &drive);
    failed(&client, client.get().await, &["FAT32", "5.2 GB", "exFAT"]);
    assert_eq!(server.served_bytes(), 0);
    let short = Content::model(73, 20 * MIB);
    let server = serve(&short);
    let mut client = Client::of(&server);
    on(&mut client, &drive);
    arrived(&client, &short, client.get().await);
}

/// D17. ext2 with blocks of 1 KiB takes files up to 16 GiB, and says no in the same way as FAT32 does.
#[tokio::test(flavor = "multi_thread")]
async fn a_drive_that_takes_no_files_of_this_length_is_said_before_the_first_byte() {
    let Some(drive) = Mount::image("ext2", 100 * MIB, &["-q", "-b", "1024"]) else { return };
    let content = Content::model(77, 20_000 * MIB);
    // Nobody waits for the checksum of 20 GB that are never sent.
    let server = TestHub::start(vec![repo(&content).etag(NAME, &"a".repeat(64))]);
    let mut client = Client::of(&server);
    on(&mut client, &drive);
    failed(&client, client.get().await, &["takes no file of 21.0 GB", "FAT32", "exFAT"]);
    assert_eq!((server.served_bytes(), client.files().len()), (0, 0));
}

/// D17.
#[tokio::test(flavor = "multi_thread")]
async fn a_drive_that_cannot_be_written_to_is_said_before_the_first_byte() {
    let Some(drive) = Mount::tmpfs(2_500 * MIB, "") else { return };
    let content = Content::model(74, 10 * MIB);
    let server = serve(&content);
    let mut client = Client::of(&server);
    on(&mut client, &drive);
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&drive.place).status().unwrap();
    assert!(remounted.success());
    failed(&client, client.get().await, &["cannot be written to", "Choose a folder"]);
    assert_eq!(server.served_bytes(), 0);
    Command::new("mount").args(["-o", "remount,rw"]).arg(&drive.place).status().unwrap();
}

/// D17.
#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_too_long_is_said_before_the_first_byte() {
    let content = Content::model(75, 10 * MIB);
    let name = format!("{}-Q4_K_M.gguf", "n".repeat(238));
    let server = TestHub::start(vec![
        paddock_test_hub::Repo::new("owner/model").commit(super::COMMIT).file(&name, content.clone()),
    ]);
    let client = Client::of(&server);
    failed(&client, client.get().await, &["too long for this system", "shorter path"]);
    assert_eq!(server.served_bytes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn room_for_the_whole_file_is_set_aside_at_the_beginning() {
    let content = Content::model(76, 200 * MIB);
    let server = serve(&content);
    server.throttle(Some(1_000_000));
    let client = Client::of(&server);
    client.get_until(|progress| progress.done_bytes >= BLOCK_BYTES).await;
    let part = fs::metadata(client.part()).unwrap();
    assert_eq!(part.len(), content.len());
    assert!(std::os::unix::fs::MetadataExt::blocks(&part) * 512 >= content.len(), "it could still run out of room");
    let order =
        Order::resolve(&client.hub, &client.request().repo, "main", "Q4_K_M", client.folder.path()).await.unwrap();
    assert_eq!(order.preflight().missing_bytes, content.len() - client.progress().done_bytes);
    assert!(client.files().contains(&format!("owner/model/{NAME}.part.journal")));
}

//! Comparing files with their checksums.

use std::fs::{self, File, FileTimes};
use std::io::{Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use paddock_hub::library::{LibraryError, Receipts, Verdict, Verified, check_before_use, verify};
use paddock_hub::receipt::{BLOCK_BYTES, Receipt};

use super::{Computer, model_at, named, receipt_of, sha256, text_at, verdict};

/// A file of five blocks and a bit, with a receipt.
fn five_blocks(computer: &Computer) -> PathBuf {
    let file = computer.own().join("owner/name/model.gguf");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let bytes: Vec<u8> = (0..5 * BLOCK_BYTES as u32 + 1_000).map(|place| (place / 7) as u8).collect();
    fs::write(&file, bytes).unwrap();
    receipt_of(&file).write_beside(&file).unwrap();
    file
}

/// Flips a byte as a failing disk does: without the file looking changed.
fn rot(file: &Path, place: u64) {
    let modified = fs::metadata(file).unwrap().modified().unwrap();
    let byte = fs::read(file).unwrap()[usize::try_from(place).unwrap()];
    let mut open = File::options().write(true).open(file).unwrap();
    open.seek(SeekFrom::Start(place)).unwrap();
    open.write_all(&[!byte]).unwrap();
    open.set_times(FileTimes::new().set_modified(modified)).unwrap();
}

#[test]
fn a_right_file_gets_a_receipt_that_holds() {
    let computer = Computer::new();
    let file = five_blocks(&computer);
    let touched = File::options().write(true).open(&file).unwrap();
    touched.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let receipts = computer.receipts(&[]);
    let error = check_before_use(&file, &receipts).expect_err("it looks changed");
    assert!(matches!(error, LibraryError::NotVerified { .. }), "{error:?}");
    let mut told = Vec::new();
    let verdict = verify(&file, None, &receipts, &mut |bytes| {
        told.push(bytes);
        ControlFlow::Continue(())
    });
    assert_eq!(verdict.unwrap(), Verdict::Right);
    assert_eq!(told.last(), Some(&fs::metadata(&file).unwrap().len()));
    check_before_use(&file, &receipts).unwrap();
    let receipt = Receipt::beside(&file).unwrap();
    assert_eq!((receipt.block_crc32.len(), receipt.origin), (6, receipt_of(&file).origin));
}

#[test]
fn a_file_whose_disk_failed_silently_is_found_with_the_blocks_that_went_bad() {
    let computer = Computer::new();
    let file = five_blocks(&computer);
    for place in [5, BLOCK_BYTES + 3, 3 * BLOCK_BYTES + 4, 5 * BLOCK_BYTES + 999] {
        rot(&file, place);
    }
    let receipts = computer.receipts(&[]);
    check_before_use(&file, &receipts).expect("nothing tells without reading it");
    let bad = vec![0..2 * BLOCK_BYTES, 3 * BLOCK_BYTES..4 * BLOCK_BYTES, 5 * BLOCK_BYTES..5 * BLOCK_BYTES + 1_000];
    assert_eq!(verdict(&file, None, &receipts), Verdict::Wrong { bad: Some(bad.clone()) });
    check_before_use(&file, &receipts).expect_err("from now on it is known");
    assert_eq!(verdict(&file, None, &receipts), Verdict::Wrong { bad: Some(bad) }, "and the ranges stay known");
}

#[test]
fn the_end_of_a_cut_file_is_what_is_bad() {
    let computer = Computer::new();
    let file = five_blocks(&computer);
    let cut = File::options().write(true).open(&file).unwrap();
    cut.set_len(4 * BLOCK_BYTES - 10).unwrap();
    let bad = 3 * BLOCK_BYTES..5 * BLOCK_BYTES + 1_000;
    assert_eq!(verdict(&file, None, &computer.receipts(&[])), Verdict::Wrong { bad: Some(vec![bad]) });
}

#[test]
fn what_only_has_a_checksum_is_right_or_in_doubt_as_a_whole() {
    let computer = Computer::new();
    let file = computer.0.path("elsewhere/model.gguf");
    text_at(&file, "bytes");
    let receipts = computer.receipts(&[]);
    assert_eq!(verdict(&file, None, &receipts), Verdict::NoChecksum);
    let right = sha256(&file);
    assert_eq!(verdict(&file, Some(&"0".repeat(64)), &receipts), Verdict::Wrong { bad: None });
    assert_eq!(verdict(&file, Some(&right), &receipts), Verdict::Right);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing is written beside it");
    assert!(receipts.read(&file).is_some(), "the receipt is in Paddock's own folder");
}

#[test]
fn a_model_of_another_program_is_verified_from_then_on() {
    let computer = Computer::new();
    let blobs = computer.home().join(".ollama/models/blobs");
    let new = model_at(&blobs.join("new"), named("One"));
    let blob = blobs.join(format!("sha256-{}", sha256(&new)));
    fs::rename(new, &blob).unwrap();
    let layer =
        format!(r#"{{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:{}"}}"#, sha256(&blob));
    text_at(
        &computer.home().join(".ollama/models/manifests/registry.ollama.ai/library/one/latest"),
        &format!(r#"{{"layers": [{layer}]}}"#),
    );
    let part = computer.found().models[0].parts[0].clone();
    assert_eq!(part.verified, Verified::Unverified);
    assert_eq!(verdict(&part.path, part.sha256.as_deref(), &computer.receipts(&[])), Verdict::Right);
    assert_eq!(computer.found().models[0].verified, Verified::Verified);
}

#[test]
fn a_receipt_that_could_only_be_written_elsewhere_goes_before_the_older_one_beside_the_file() {
    let computer = Computer::new();
    let file = model_at(&computer.own().join("owner/name/model.gguf"), named("One"));
    let mut beside = receipt_of(&file);
    beside.stamp.modified_ns = 1;
    beside.write_beside(&file).unwrap();
    assert_eq!(computer.found().models[0].verified, Verified::Changed);
    let elsewhere = Receipts::new(&computer.0.path("data"), &[]);
    assert_eq!(verdict(&file, Some(&sha256(&file)), &elsewhere), Verdict::Right);
    assert_eq!(computer.found().models[0].verified, Verified::Verified);
    check_before_use(&file, &computer.receipts(&[])).unwrap();
}

#[test]
fn verifying_can_be_given_up_and_changes_nothing() {
    let computer = Computer::new();
    let file = five_blocks(&computer);
    rot(&file, 7);
    let before = Receipt::beside(&file);
    let receipts = computer.receipts(&[]);
    assert_eq!(verify(&file, None, &receipts, &mut |_| ControlFlow::Break(())).unwrap(), Verdict::GivenUp);
    assert_eq!(Receipt::beside(&file), before);
}

#[test]
fn a_file_that_is_written_to_meanwhile_gets_no_verdict() {
    let computer = Computer::new();
    let file = five_blocks(&computer);
    let mut grows = |_| {
        File::options().append(true).open(&file).unwrap().write_all(b"more").unwrap();
        ControlFlow::Continue(())
    };
    let error = verify(&file, None, &computer.receipts(&[]), &mut grows).expect_err("it grew");
    assert!(matches!(error, LibraryError::ChangedMeanwhile { .. }), "{error:?}");
}

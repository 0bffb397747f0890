//! Deleting models, and bringing them back.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use paddock_hub::library::{Found, LibraryError, Verified, trash};

use super::{Computer, model_at, named, receipt_of, text_at};

/// A verified model in Paddock's own folder.
fn downloaded(computer: &Computer, name: &str) -> Found {
    let file = model_at(&computer.own().join(name), named("One"));
    receipt_of(&file).write_beside(&file).unwrap();
    let lock = format!("{}.lock", file.file_name().unwrap().to_str().unwrap());
    text_at(&file.with_file_name(".paddock").join(lock), "");
    let found = computer.found().models.into_iter().find(|model| model.path == file);
    found.unwrap()
}

/// Everything below a folder but the trash.
fn left_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| !path.ends_with(".paddock")).collect()
}

#[test]
fn a_deleted_model_leaves_no_folder_behind_and_comes_back_verified() {
    let computer = Computer::new();
    let own = computer.own();
    let model = downloaded(&computer, "owner/name/model.gguf");
    let deleted = trash::remove(&model, &own).unwrap();
    assert_eq!((deleted.name.as_str(), deleted.size_bytes, &deleted.path), ("One", model.size_bytes, &model.path));
    assert_eq!(left_in(&own), [] as [PathBuf; 0], "empty folders are gone");
    assert_eq!(computer.found().models, []);
    assert_eq!(trash::deleted(&own), std::slice::from_ref(&deleted));

    assert_eq!(trash::restore(&own, &deleted.id).unwrap(), deleted);
    let found = computer.found();
    assert_eq!(found.models, [model], "with its receipt");
    assert_eq!(found.models[0].verified, Verified::Verified);
    assert_eq!(trash::deleted(&own), []);
    assert!(matches!(trash::restore(&own, &deleted.id), Err(LibraryError::NothingToRestore)));
}

#[test]
fn other_files_in_the_folder_stay() {
    let computer = Computer::new();
    let other = model_at(&computer.own().join("owner/name/other.gguf"), named("Other"));
    receipt_of(&other).write_beside(&other).unwrap();
    let model = downloaded(&computer, "owner/name/model.gguf");
    trash::remove(&model, &computer.own()).unwrap();
    let found = computer.found();
    assert_eq!(found.models.len(), 1);
    assert_eq!((&found.models[0].path, found.models[0].verified), (&other, Verified::Verified));
}

#[test]
fn a_model_outside_the_folder_is_not_deleted() {
    let computer = Computer::new();
    let outside = model_at(&computer.0.path("elsewhere/model.gguf"), named("One"));
    fs::create_dir_all(computer.own()).unwrap();
    let mut model = downloaded(&computer, "owner/name/model.gguf");
    let climbs = computer.own().join("../elsewhere/model.gguf");
    for path in [outside.clone(), climbs] {
        model.parts[0].path = path;
        let error = trash::remove(&model, &computer.own()).expect_err("it is not Paddock's");
        assert!(matches!(error, LibraryError::NotOurs { .. }), "{error:?}");
    }
    assert!(outside.is_file());
}

#[test]
#[cfg(unix)]
fn a_linked_folder_does_not_lead_outside() {
    let computer = Computer::new();
    let outside = model_at(&computer.0.path("elsewhere/model.gguf"), named("One"));
    fs::create_dir_all(computer.own().join("owner")).unwrap();
    std::os::unix::fs::symlink(computer.0.path("elsewhere"), computer.own().join("owner/name")).unwrap();
    let model = computer.found().models.remove(0);
    let error = trash::remove(&model, &computer.own()).expect_err("the folder is elsewhere");
    assert!(matches!(error, LibraryError::NotOurs { .. }), "{error:?}");
    assert!(outside.is_file());
}

#[test]
fn a_model_whose_other_part_is_being_downloaded_is_not_deleted() {
    let computer = Computer::new();
    let model = downloaded(&computer, "owner/name/model-00001-of-00002.gguf");
    let other = model.path.with_file_name(".paddock").join("model-00002-of-00002.gguf.lock");
    text_at(&other, "");
    let lock = File::options().write(true).open(&other).unwrap();
    lock.lock().unwrap();
    let error = trash::remove(&model, &computer.own()).expect_err("the second part comes");
    assert!(matches!(&error, LibraryError::InUse { path } if path.ends_with("model-00002-of-00002.gguf")), "{error:?}");
    drop(lock);
    trash::remove(&model, &computer.own()).unwrap();
}

#[test]
fn what_cannot_all_be_deleted_stays_whole() {
    let computer = Computer::new();
    let mut model = downloaded(&computer, "owner/name/model.gguf");
    let mut gone = model.parts[0].clone();
    gone.path = computer.own().join("owner/name/gone.gguf");
    model.parts.push(gone);
    let error = trash::remove(&model, &computer.own()).expect_err("one file is gone");
    assert!(matches!(error, LibraryError::Move { .. }), "{error:?}");
    assert_eq!(computer.found().models[0].verified, Verified::Verified);
    assert_eq!(trash::deleted(&computer.own()), []);
}

#[test]
fn a_new_file_of_the_same_name_is_not_overwritten() {
    let computer = Computer::new();
    let model = downloaded(&computer, "owner/name/model.gguf");
    let deleted = trash::remove(&model, &computer.own()).unwrap();
    text_at(&model.path, "new");
    let error = trash::restore(&computer.own(), &deleted.id).expect_err("there is a new one");
    assert!(matches!(error, LibraryError::InTheWay { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&model.path).unwrap(), "new");
    fs::remove_file(&model.path).unwrap();
    trash::restore(&computer.own(), &deleted.id).unwrap();
}

#[test]
fn a_purge_frees_the_room_for_good_and_an_empty_trash_is_no_error() {
    let computer = Computer::new();
    let deleted = trash::remove(&downloaded(&computer, "owner/name/model.gguf"), &computer.own()).unwrap();
    trash::purge(&computer.own()).unwrap();
    trash::purge(&computer.own()).unwrap();
    assert!(!computer.own().join(".paddock/trash").exists());
    assert!(matches!(trash::restore(&computer.own(), &deleted.id), Err(LibraryError::NothingToRestore)));
}

#[test]
fn one_deleted_model_can_be_removed_for_good_and_the_others_stay() {
    let computer = Computer::new();
    let own = computer.own();
    let gone = trash::remove(&downloaded(&computer, "owner/name/gone.gguf"), &own).unwrap();
    let kept = trash::remove(&downloaded(&computer, "owner/name/kept.gguf"), &own).unwrap();
    trash::discard(&own, &gone.id).unwrap();
    assert!(matches!(trash::discard(&own, &gone.id), Err(LibraryError::NothingToRestore)));
    assert!(matches!(trash::discard(&own, ".."), Err(LibraryError::NothingToRestore)));
    assert_eq!(trash::deleted(&own), [kept]);
}

#[test]
fn an_id_or_an_index_that_leads_elsewhere_restores_nothing() {
    let computer = Computer::new();
    let own = computer.own();
    let outside = computer.0.path("outside/model.gguf");
    let index = |file: &Path| {
        serde_json::json!({ "id": "1-0", "name": "x", "size_bytes": 1, "path": file, "files": [file] }).to_string()
    };
    text_at(&own.join(".paddock/trash/1-0/0"), "bytes");
    text_at(&computer.0.path("planted/index.json"), &index(&own.join("model.gguf")));
    for id in ["", "..", "../../../planted", "/", "1-0/"] {
        assert!(matches!(trash::restore(&own, id), Err(LibraryError::NothingToRestore)), "{id}");
    }
    for file in [outside.clone(), own.join("../outside/model.gguf")] {
        text_at(&own.join(".paddock/trash/1-0/index.json"), &index(&file));
        assert!(matches!(trash::restore(&own, "1-0"), Err(LibraryError::NotOurs { .. })), "{file:?}");
    }
    assert!(!outside.parent().unwrap().exists());
}

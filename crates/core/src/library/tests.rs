//! The models here as the window sees them, with a real database and real files. The engine is none: what is refused is
//! refused before it is started.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use paddock_engine_api::{EngineCommand, HostConfig};
use paddock_gguf::{TensorType, write};
use paddock_hub::{
    library::{Surroundings, System},
    receipt::{BLOCK_BYTES, Origin, Receipt, Stamp},
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    App, AppConfig, DataDir, ErrorCode,
    view::{EngineState, LibraryModelView, LibraryView, LoadPhase, LoadSettings, ModelSource, VerifiedView},
};

/// A computer with Paddock on it.
struct Computer {
    folder: TempDir,
    app: App,
}

impl Computer {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let app = open(folder.path());
        Self { folder, app }
    }

    /// Ends Paddock and starts it again.
    fn restart(self) -> Self {
        let Self { folder, app } = self;
        drop(app);
        let app = open(folder.path());
        Self { folder, app }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A download that is done, in Paddock's own folder.
    fn downloaded(&self, name: &str) -> PathBuf {
        let file = self.path("data/models/owner/name-GGUF").join(name);
        model_at(&file, 8);
        note_as_verified(&file);
        file
    }
}

fn open(folder: &Path) -> App {
    let engine = EngineCommand { program: folder.join("no engine"), args: Vec::new() };
    let data = DataDir::at(folder.join("data"));
    let app = App::open(AppConfig { data, engine, host: HostConfig::default() }).unwrap();
    let home = Some(folder.join("home"));
    let surroundings = Surroundings { home, variables: BTreeMap::new(), system: System::Windows };
    app.inner.library.surroundings.set(surroundings).ok().unwrap();
    app
}

/// A model with so many rows of 256 weights.
fn model_at(file: &Path, rows: u64) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let builder = write::Builder::new()
        .metadata("general.architecture", "llama")
        .metadata("general.name", file.file_stem().unwrap().to_str().unwrap())
        .tensor("token_embd.weight", TensorType::F32, &[256, rows], write::Data::Zeros);
    builder.write(File::create(file).unwrap()).unwrap();
}

fn note_as_verified(file: &Path) {
    let bytes = fs::read(file).unwrap();
    let receipt = Receipt {
        origin: Some(Origin {
            endpoint: "https://huggingface.co".into(),
            repo: "owner/name-GGUF".into(),
            commit: "0123456789abcdef0123456789abcdef01234567".into(),
            path: file.file_name().unwrap().to_str().unwrap().into(),
        }),
        sha256: format!("{:x}", Sha256::digest(&bytes)),
        stamp: Stamp::of(&fs::metadata(file).unwrap()),
        verified_ms: 1,
        block_bytes: BLOCK_BYTES,
        block_crc32: Vec::new(),
    };
    receipt.write_beside(file).unwrap();
}

/// Changes the last byte, and with it the time.
fn damage(file: &Path) {
    let mut open = File::options().read(true).write(true).open(file).unwrap();
    open.seek(SeekFrom::End(-1)).unwrap();
    open.write_all(&[7]).unwrap();
    open.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn only(view: &LibraryView) -> &LibraryModelView {
    let [model] = &view.models[..] else { panic!("not one model: {view:?}") };
    model
}

#[tokio::test]
async fn the_first_look_finds_what_is_here_and_the_window_is_told() {
    let computer = Computer::new();
    let changes = computer.app.library_changes();
    assert_eq!(*changes.borrow(), LibraryView::default());
    let own = computer.downloaded("model-Q4_K_M.gguf");
    model_at(&computer.path("home/.lmstudio/models/someone/other/other.gguf"), 8);
    let view = computer.app.library().await.unwrap();
    assert_eq!(*changes.borrow(), view);
    let [first, second] = &view.models[..] else { panic!("{view:?}") };
    assert_eq!((first.path.clone(), first.source, first.can_delete), (text(&own), ModelSource::Paddock, true));
    assert_eq!((&first.verified, first.repo.as_deref()), (&VerifiedView::Verified, Some("owner/name-GGUF")));
    assert_eq!((second.source, second.can_delete), (ModelSource::LmStudio, false));
    assert_eq!((view.places[0].n_models, view.places[0].size_bytes, view.scanning), (1, first.size_bytes, false));
}

#[tokio::test]
async fn a_finished_download_can_be_chosen_at_once_and_the_self_test_model_is_there_once() {
    let computer = Computer::new();
    let own = computer.downloaded("model.gguf");
    crate::self_test::ensure(&computer.app.inner.data).unwrap();
    for looked in [false, true] {
        let listed = computer.app.list_models().await.unwrap();
        let paths: Vec<_> = listed.iter().map(|entry| (entry.self_test, entry.path.clone(), entry.present)).collect();
        assert_eq!(paths.len(), 2, "looked: {looked}, {paths:?}");
        assert_eq!(paths[1], (false, text(&own), true));
        assert_eq!(computer.app.library().await.unwrap().models.len(), 1);
    }
}

#[tokio::test]
async fn a_model_that_changed_is_verified_before_it_is_loaded_and_refused_if_it_is_wrong() {
    let computer = Computer::new();
    let file = computer.downloaded("model.gguf");
    computer.app.library().await.unwrap();
    damage(&file);
    let error = computer.app.load_model(text(&file), LoadSettings::default()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ModelRefused, "{error:?}");
    assert!(error.message.contains("“model.gguf” is not what was published"), "{error:?}");
    assert!(error.hint.is_some());
    let state = computer.app.engine_state().borrow().clone();
    assert!(matches!(&state, EngineState::Failed { error: shown, .. } if *shown == error), "{state:?}");
    let view = computer.app.scan_library().await.unwrap();
    assert!(matches!(only(&view).verified, VerifiedView::Broken { .. }), "{view:?}");
}

#[tokio::test]
async fn a_model_that_only_looks_changed_is_verified_and_loaded() {
    let computer = Computer::new();
    let file = computer.downloaded("model.gguf");
    File::options().write(true).open(&file).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(only(&computer.app.library().await.unwrap()).verified, VerifiedView::Changed);
    let error = computer.app.load_model(text(&file), LoadSettings::default()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::EngineDied, "it came as far as the engine, which is none: {error:?}");
    assert_eq!(only(&computer.app.scan_library().await.unwrap()).verified, VerifiedView::Verified);
}

#[tokio::test]
async fn a_damaged_model_is_shown_as_such_until_it_is_another_file() {
    let computer = Computer::new();
    let file = computer.downloaded("model.gguf");
    assert_eq!(computer.app.verify_model(text(&file)).await.unwrap().verified, VerifiedView::Verified);
    damage(&file);
    let verified = computer.app.verify_model(text(&file)).await.unwrap().verified;
    let VerifiedView::Broken { sentence, repair_bytes: Some(repair_bytes), .. } = verified else {
        panic!("{verified:?}")
    };
    assert!(sentence.contains("model.gguf") && sentence.contains("1 MB"), "{sentence}");
    assert_eq!(repair_bytes, fs::metadata(&file).unwrap().len(), "its one block");
    let view = computer.app.scan_library().await.unwrap();
    assert!(matches!(only(&view).verified, VerifiedView::Broken { .. }), "{view:?}");
    computer.downloaded("model.gguf");
    assert_eq!(only(&computer.app.scan_library().await.unwrap()).verified, VerifiedView::Verified, "downloaded again");
    damage(&file);
    computer.app.verify_model(text(&file)).await.unwrap();
    let computer = computer.restart();
    let view = computer.app.library().await.unwrap();
    assert_eq!(only(&view).verified, VerifiedView::Changed, "and after a start it is verified before it is used");
}

#[tokio::test]
async fn a_model_without_a_checksum_says_so() {
    let computer = Computer::new();
    let file = computer.path("data/models/mine.gguf");
    model_at(&file, 8);
    assert_eq!(only(&computer.app.library().await.unwrap()).verified, VerifiedView::NoChecksum);
    let error = computer.app.verify_model(text(&file)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadInput);
    assert!(error.message.contains("checksum"), "{error:?}");
    assert_eq!(only(&computer.app.library().await.unwrap()).verified, VerifiedView::NoChecksum, "no longer checking");
}

#[tokio::test]
async fn a_deleted_model_comes_back_until_paddock_is_started_again() {
    let computer = Computer::new();
    let file = computer.downloaded("model.gguf");
    let before = computer.app.library().await.unwrap();
    let view = computer.app.delete_model(text(&file)).await.unwrap();
    assert_eq!((view.models.len(), view.deleted.len(), file.exists()), (0, 1, false));
    assert_eq!(computer.app.list_models().await.unwrap().len(), 1, "the picker forgets it");
    assert_eq!(computer.app.undo_delete(view.deleted[0].id.clone()).await.unwrap(), before);

    let view = computer.app.delete_model(text(&file)).await.unwrap();
    let id = view.deleted[0].id.clone();
    let computer = computer.restart();
    assert_eq!(computer.app.library().await.unwrap().deleted, []);
    assert!(!computer.path("data/models/.paddock/trash").exists(), "the room is free");
    assert_eq!(computer.app.undo_delete(id).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_second_paddock_takes_nothing_away_that_the_first_may_bring_back() {
    let computer = Computer::new();
    let file = computer.downloaded("model.gguf");
    let view = computer.app.delete_model(text(&file)).await.unwrap();
    let id = view.deleted[0].id.clone();
    let second = open(computer.folder.path());
    assert_eq!(second.library().await.unwrap().deleted, view.deleted);
    computer.app.undo_delete(id).await.unwrap();
    assert!(file.is_file());
}

#[tokio::test]
async fn a_deleted_model_can_be_removed_for_good_at_once() {
    let computer = Computer::new();
    let file = computer.downloaded("model.gguf");
    let id = computer.app.delete_model(text(&file)).await.unwrap().deleted[0].id.clone();
    assert_eq!(computer.app.discard_deleted(id.clone()).await.unwrap().deleted, []);
    assert!(!computer.path("data/models/.paddock/trash").exists());
    assert_eq!(computer.app.undo_delete(id).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_model_that_is_loaded_is_not_deleted() {
    let computer = Computer::new();
    let file = computer.downloaded("model.gguf");
    computer.app.inner.engine_state.send_replace(EngineState::Loading {
        path: text(&file),
        name: "Model".into(),
        phase: LoadPhase::Reading,
        fraction: 0.5,
        elapsed_ms: 1,
    });
    let error = computer.app.delete_model(text(&file)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Busy, "{error:?}");
    assert!(file.is_file());
    computer.app.unload_model().await;
    computer.app.delete_model(text(&file)).await.unwrap();
}

#[tokio::test]
async fn what_other_programs_have_is_not_deleted() {
    let computer = Computer::new();
    let file = computer.path("home/.lmstudio/models/someone/other/other.gguf");
    model_at(&file, 8);
    let error = computer.app.delete_model(text(&file)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadInput, "{error:?}");
    assert!(file.is_file());
    let nowhere = computer.app.delete_model("/etc/passwd".into()).await.unwrap_err();
    assert_eq!(nowhere.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn an_added_folder_is_looked_through_after_a_start_too_until_it_is_taken_back() {
    let computer = Computer::new();
    let folder = computer.path("my models");
    model_at(&folder.join("mine.gguf"), 8);
    let view = computer.app.add_library_folder(text(&folder)).await.unwrap();
    assert_eq!((only(&view).source, only(&view).can_delete), (ModelSource::Folder, true));
    let again = computer.app.add_library_folder(text(&folder)).await.unwrap_err();
    assert!(again.message.contains("already"), "{again:?}");
    for not_one in ["relative", &text(&folder.join("mine.gguf")), "/not/there"] {
        let error = computer.app.add_library_folder(not_one.into()).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadInput, "{not_one}");
    }
    let computer = computer.restart();
    assert_eq!(computer.app.library().await.unwrap().models.len(), 1);
    assert_eq!(computer.app.remove_library_folder(text(&folder)).await.unwrap().models, []);
    assert!(folder.join("mine.gguf").is_file());
    assert_eq!(computer.app.remove_library_folder(text(&folder)).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn models_stay_in_the_list_when_downloads_go_to_another_folder() {
    let computer = Computer::new();
    let mut settings = computer.app.download_settings().await.unwrap();
    for folder in ["first", "second"] {
        settings.models_folder = text(&computer.path(folder));
        settings = computer.app.set_download_settings(settings).await.unwrap();
        model_at(&computer.path(folder).join("model.gguf"), 8);
    }
    computer.downloaded("usual.gguf");
    let view = computer.app.scan_library().await.unwrap();
    let sources: Vec<_> = view.models.iter().map(|model| (model.name.as_str(), model.source)).collect();
    let expected = [("model", ModelSource::Paddock), ("usual", ModelSource::Paddock), ("model", ModelSource::Folder)];
    assert_eq!(sources, expected);
}

#[tokio::test]
async fn a_remote_file_is_only_here_if_it_is_verified() {
    let computer = Computer::new();
    let file = computer.downloaded("model.gguf");
    assert_eq!(computer.app.found_model("owner/name-GGUF", "model.gguf").await, Some(file.clone()));
    assert_eq!(computer.app.found_model("owner/name-GGUF", "other.gguf").await, None);
    assert_eq!(computer.app.found_model("other/name-GGUF", "model.gguf").await, None);
    damage(&file);
    computer.app.scan_library().await.unwrap();
    assert_eq!(computer.app.found_model("owner/name-GGUF", "model.gguf").await, None);
}

#[tokio::test]
async fn deleting_frees_the_room_in_hugging_faces_cache_and_undoing_shares_it_again() {
    let computer = Computer::new();
    let file = computer.downloaded("model.gguf");
    let mut settings = computer.app.download_settings().await.unwrap();
    settings.share_with_hf_cache = true;
    computer.app.set_download_settings(settings).await.unwrap();
    computer.app.share_with_hf_cache(&file).await.unwrap();
    let cached = computer.path("home/.cache/huggingface/hub/models--owner--name-GGUF");
    assert!(cached.join("blobs").is_dir());
    let view = computer.app.delete_model(text(&file)).await.unwrap();
    assert!(!cached.exists(), "{view:?}");
    let view = computer.app.undo_delete(view.deleted[0].id.clone()).await.unwrap();
    assert!(cached.join("blobs").is_dir());
    assert_eq!((only(&view).source, view.duplicate_bytes), (ModelSource::Paddock, 0), "and it is listed once");
}

//! Conversations around their messages: folders, search, the tree, drafts, erasure, backups. Without an engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{fs, path::Path};

use paddock_core::{
    App, AppConfig, DataDir, EngineCommand, ErrorCode, HostConfig,
    view::{Conversation, FinishReason, SearchRequest, WindowKey},
};
use paddock_store::{Finish, NewTurn, Store};

/// An app whose engine cannot be started, which no test here needs.
fn app(folder: &Path) -> App {
    let engine = EngineCommand { program: folder.join("no engine"), args: Vec::new() };
    App::open(AppConfig { data: DataDir::at(folder), engine, host: HostConfig::default() }).unwrap()
}

/// A question and its answer, as an earlier run left them. Returns the conversation.
fn said(folder: &Path, question: &str, answer: &str) -> String {
    let mut store = Store::open(DataDir::at(folder).database()).unwrap();
    let turn = store
        .begin_turn(NewTurn {
            conversation: None,
            parent: None,
            content: question.into(),
            attachments: Vec::new(),
            setup_json: None,
            title_if_new: format!("About {question}"),
            system: None,
            model_name: Some("Llama".into()),
            now_ms: 1_000,
        })
        .unwrap();
    let finish = Finish {
        reason: paddock_store::FinishReason::Stop,
        timings: None,
        error_json: None,
        full_text: Some(answer.into()),
        model_name: None,
        cut_json: None,
        thinking_ms: None,
    };
    store.finish_answer(&turn.answer.id, finish, 2_000).unwrap();
    turn.conversation.id.into()
}

fn texts(conversation: &Conversation) -> Vec<&str> {
    conversation.messages.iter().map(|message| message.content.as_str()).collect()
}

async fn found(app: &App, words: &str) -> usize {
    let request = SearchRequest { words: words.into(), conversation_id: None, limit: 50 };
    app.search(request).await.unwrap().len()
}

#[tokio::test]
async fn folders_pins_and_the_archive_change_the_list_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let id = said(folder.path(), "x", "y");
    let app = app(folder.path());
    let mut version = app.list_version();
    version.mark_unchanged();
    let mut told = || std::mem::replace(&mut version, app.list_version()).has_changed().unwrap();

    let work = app.create_folder("  Work\n stuff ".into()).await.unwrap();
    assert_eq!(work.name, "Work stuff");
    assert!(told());
    app.move_conversation(id.clone(), Some(work.id.clone())).await.unwrap();
    assert!(told());
    app.pin_conversation(id.clone(), true).await.unwrap();
    assert!(told());
    app.archive_conversation(id.clone(), true).await.unwrap();
    assert!(told());
    let listed = app.list_conversations().await.unwrap().remove(0);
    assert!(listed.pinned && listed.archived && listed.folder_id == Some(work.id.clone()));
    app.rename_folder(work.id.clone(), "Labour".into()).await.unwrap();
    assert_eq!(app.folders().await.unwrap()[0].name, "Labour");
    app.delete_folder(work.id.clone()).await.unwrap();
    assert!(told());
    assert_eq!(app.list_conversations().await.unwrap()[0].folder_id, None);
    for name in ["", " \n ", &"x".repeat(101)] {
        assert_eq!(app.create_folder(name.into()).await.unwrap_err().code, ErrorCode::BadInput);
    }
    assert_eq!(app.create_folder("é".repeat(100)).await.unwrap().name.chars().count(), 100);
    assert_eq!(app.delete_folder(work.id).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_message_is_found_edited_deleted_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let id = said(folder.path(), "horses", "zebra");
    let app = app(folder.path());
    let before = app.conversation(id.clone()).await.unwrap();
    let answer = before.messages[1].id.clone();
    assert_eq!((found(&app, "zeb").await, found(&app, "horses").await), (1, 2));

    let edited = app.edit_answer(answer.clone(), "okapi".into()).await.unwrap();
    assert_eq!(texts(&edited), ["horses", "zebra", "okapi"]);
    let mine = &edited.messages[2];
    assert!(mine.edited && mine.finish_reason == Some(FinishReason::Stop) && edited.head_id.as_ref() == Some(&mine.id));
    assert_eq!(app.edit_answer(answer.clone(), " ".into()).await.unwrap_err().code, ErrorCode::BadInput);

    app.show_branch(id.clone(), answer.clone()).await.unwrap();
    assert_eq!(app.list_conversations().await.unwrap()[0].preview, "zebra");
    let fork = app.fork_conversation(answer.clone()).await.unwrap();
    assert_eq!(texts(&app.conversation(fork.id).await.unwrap()), ["horses", "zebra"]);

    let left = app.delete_message(answer.clone()).await.unwrap();
    assert_eq!(texts(&left), ["horses", "okapi"]);
    assert_eq!(left.head_id.as_ref(), Some(&mine.id));
    let back = app.restore_message(answer.clone()).await.unwrap();
    assert_eq!(back.head_id, Some(answer));
    assert_eq!(app.attachment_text("none".into()).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn drafts_are_kept_for_each_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let id = said(folder.path(), "x", "y");
    let app = app(folder.path());
    app.save_draft(Some(id.clone()), "half".into()).await.unwrap();
    app.save_draft(None, "new".into()).await.unwrap();
    assert_eq!(app.draft(Some(id.clone())).await.unwrap(), "half");
    assert_eq!(app.draft(None).await.unwrap(), "new");
    assert_eq!(app.conversation(id).await.unwrap().draft, "half");
}

#[tokio::test]
async fn an_erased_conversation_is_gone_from_the_backups_too() {
    let folder = tempfile::tempdir().unwrap();
    let id = said(folder.path(), "canaryquibble", "canaryjabber");
    said(folder.path(), "kept", "kept");
    let app = app(folder.path());
    app.back_up_now().await.unwrap();
    let report = app.erase_conversations(vec![id.clone()]).await.unwrap();
    assert_eq!((report.conversations, report.backups), (1, 1));
    assert_eq!(app.backups().await.unwrap()[0].conversations, 1);
    assert_eq!(app.erase_conversations(vec![id]).await.unwrap_err().code, ErrorCode::NotFound);
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                assert!(!bytes.windows(6).any(|window| window == b"canary"), "{}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn a_backup_is_made_once_a_day_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let id = said(folder.path(), "x", "y");
    let app = app(folder.path());
    assert!(app.back_up_if_due().await.unwrap());
    assert!(!app.back_up_if_due().await.unwrap(), "one a day");
    let backup = app.backups().await.unwrap().remove(0);
    assert_eq!(backup.conversations, 1);
    app.delete_conversation(id.clone()).await.unwrap();
    app.restore_backup(backup.name).await.unwrap();
    assert_eq!(texts(&app.conversation(id).await.unwrap()), ["x", "y"]);
    assert_eq!(app.backups().await.unwrap().len(), 2, "what was there was backed up first");
    let error = app.restore_backup("../paddock.db".into()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn without_daily_backups_none_is_made_and_settings_that_cannot_be_read_count_as_the_usual() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let set = |value: serde_json::Value| {
        let mut store = Store::open(DataDir::at(folder.path()).database()).unwrap();
        store.set_setting("chat_settings", &value).unwrap();
    };
    set(serde_json::json!({ "dailyBackups": false }));
    assert!(!app.back_up_if_due().await.unwrap());
    set(serde_json::json!("something else"));
    assert!(app.back_up_if_due().await.unwrap());
}

#[tokio::test]
async fn a_damaged_database_is_replaced_by_a_backup_and_the_start_tells() {
    let folder = tempfile::tempdir().unwrap();
    let id = said(folder.path(), "x", "y");
    let first = app(folder.path());
    first.back_up_now().await.unwrap();
    assert_eq!(first.start_report().await.unwrap(), paddock_core::view::StartReport::default());
    first.shut_down().await;
    drop(first);
    let database = DataDir::at(folder.path()).database();
    fs::remove_file(database.with_file_name("paddock.db-wal")).ok();
    fs::write(&database, "damaged").unwrap();
    let second = app(folder.path());
    let report = second.start_report().await.unwrap();
    assert!(report.set_aside.unwrap().path.contains(".corrupt-"));
    assert_eq!(report.restored_from.unwrap().conversations, 1);
    assert_eq!(texts(&second.conversation(id).await.unwrap()), ["x", "y"]);
}

#[tokio::test]
async fn what_the_window_remembers_outlives_a_death_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = app(folder.path());
    assert!(first.remembered().await.unwrap().is_empty());
    first.remember(WindowKey::Language, Some("ar".into())).await.unwrap();
    first.remember(WindowKey::Theme, Some("dark".into())).await.unwrap();
    first.remember(WindowKey::Theme, None).await.unwrap();
    // Read by somebody else while the first still lives: nothing waits for its end.
    let second = app(folder.path());
    let remembered = second.remembered().await.unwrap();
    assert_eq!(remembered.into_iter().collect::<Vec<_>>(), [(WindowKey::Language, "ar".to_owned())]);
}

#[tokio::test]
async fn the_window_cannot_remember_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    app.remember(WindowKey::SidebarClosed, Some("kept".into())).await.unwrap();
    let refused = app.remember(WindowKey::SidebarClosed, Some("x".repeat(64 * 1024 + 1))).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadInput);
    assert_eq!(app.remembered().await.unwrap()[&WindowKey::SidebarClosed], "kept");
}

#[tokio::test]
async fn what_a_newer_version_remembers_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(DataDir::at(folder.path()).database())
        .unwrap()
        .set_setting("window", &serde_json::json!({ "theme": "light", "ofTomorrow": "x" }))
        .unwrap();
    let app = app(folder.path());
    assert_eq!(app.remembered().await.unwrap().len(), 1);
    app.remember(WindowKey::Theme, None).await.unwrap();
    drop(app);
    let kept: serde_json::Value =
        Store::open(DataDir::at(folder.path()).database()).unwrap().setting("window").unwrap().unwrap();
    assert_eq!(kept, serde_json::json!({ "ofTomorrow": "x" }));
}

//! A fixed row of things that a person does, for the tests that make them fail or die at every point.

use std::path::Path;

use paddock_store::{
    BackupKind, ConversationId, Error, FinishReason, Imported, MessageBody, MessageId, NewConversation, NewMessage,
    Role, Store,
};

use crate::{Place, opening, stopped};

type Do = fn(&mut Store) -> Result<(), Error>;

/// What is done, one after the other. Each step finds what it needs in the store, so that it can be done again.
pub(crate) const STEPS: [(&str, Do); 13] = [
    ("send", |store| store.begin_turn(opening(&"question ".repeat(300))).map(drop)),
    ("write a piece", |store| store.append_answer(&answer(store)?, "one ")),
    ("write much", |store| store.append_answer(&answer(store)?, &"piece ".repeat(2_000))),
    ("end the answer", |store| store.finish_answer(&answer(store)?, stopped(), 50).map(drop)),
    ("change a setting", |store| store.set_setting("theme", &"x".repeat(6_000))),
    ("type", |store| store.save_draft(None, &"draft ".repeat(1_000), 1)),
    ("import", |store| match store.import_conversation(&elsewhere())? {
        Imported::New(_) | Imported::AlreadyHere(_) => Ok(()),
    }),
    ("back up", |store| store.backups().unwrap().make(BackupKind::AskedFor, 1_000).map(drop)),
    ("rename", |store| store.rename(&titled(store, "Elsewhere")?, "Renamed")),
    ("delete", |store| store.delete(&titled(store, "Renamed")?, 60)),
    ("erase", |store| store.erase(&[], 2_000_000).map(drop)),
    ("rename another", |store| store.rename(&titled(store, "About old")?, "Old")),
    ("restore", |store| {
        let backups = store.backups().unwrap().list()?;
        store.restore_backup(&backups.last().unwrap().name, 3_000_000).map(drop)
    }),
];

/// Steps that are made of several changes, each whole: they may fail between two.
pub(crate) fn is_composite(step: usize) -> bool {
    matches!(STEPS[step].0, "erase" | "restore")
}

fn elsewhere() -> NewConversation {
    let message = |parent, role, content: String| NewMessage {
        parent,
        body: MessageBody {
            finish_reason: (role == Role::Assistant).then_some(FinishReason::Stop),
            ..MessageBody::new(role, content, 1_000)
        },
        attachments: Vec::new(),
    };
    NewConversation {
        origin: "elsewhere".to_owned(),
        own_id: None,
        title: "Elsewhere".to_owned(),
        title_is_auto: false,
        created_at_ms: 1_000,
        updated_at_ms: 2_000,
        pinned: false,
        archived: false,
        folder: Some("Folder".to_owned()),
        setup_json: None,
        draft: String::new(),
        head: Some(1),
        messages: vec![
            message(None, Role::User, "what? ".repeat(500)),
            message(Some(0), Role::Assistant, "that. ".repeat(1_000)),
        ],
    }
}

fn titled(store: &Store, title: &str) -> Result<ConversationId, Error> {
    let found = store.conversations()?.into_iter().find(|summary| summary.title == title);
    found.map(|summary| summary.id).ok_or_else(|| Error::UnknownConversation(title.to_owned().into()))
}

/// The answer that the first steps are about.
fn answer(store: &Store) -> Result<MessageId, Error> {
    let conversation = titled(store, &opening(&"question ".repeat(300)).title_if_new)?;
    Ok(store.conversation(&conversation)?.head.unwrap())
}

/// All that a person could see of a store.
pub(crate) fn seen(store: &Store) -> Result<Vec<String>, Error> {
    let mut seen = vec![format!("{:?} {}", store.setting::<String>("theme")?, store.draft(None)?)];
    for summary in store.conversations()? {
        let messages = store.conversation(&summary.id)?.messages;
        let messages: Vec<_> = messages.iter().map(|m| (m.role, m.finish_reason, m.content.as_str())).collect();
        seen.push(format!("{} {messages:?}", summary.title));
    }
    seen.sort();
    Ok(seen)
}

/// What is seen after so many steps: at once, and after a new start.
pub(crate) fn seen_after(steps: usize, template: &Path) -> (Vec<String>, Vec<String>) {
    let place = Place::new();
    std::fs::copy(template, place.path()).unwrap();
    let mut store = place.open();
    for (name, step) in &STEPS[..steps] {
        step(&mut store).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
    let at_once = seen(&store).unwrap();
    drop(store);
    (at_once, seen(&place.open()).unwrap())
}

/// A database with something in it already.
pub(crate) fn template() -> Place {
    let place = Place::new();
    let mut store = place.open();
    let turn = store.begin_turn(opening("old")).unwrap();
    store.append_answer(&turn.answer.id, "kept ").unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
    store.set_setting("theme", "light").unwrap();
    place
}

/// Every page and index of the file, and that every backup can be read.
pub(crate) fn is_sound(store: &Store, path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    let verdict: String = file.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let backups = store.backups().unwrap();
    let named = std::fs::read_dir(backups.folder()).map_or(0, |folder| {
        folder.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("paddock-")).count()
    });
    assert_eq!(backups.list().unwrap().len(), named, "a backup that has its name is whole");
}

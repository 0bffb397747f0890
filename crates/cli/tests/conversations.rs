//! `paddock import`, `export` and `conversations`, as they are typed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};
use tempfile::TempDir;

fn paddock(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paddock")).args(arguments).env("PADDOCK_DATA_DIR", data).output().unwrap()
}

/// What it printed, if it went well.
fn printed(data: &Path, arguments: &[&str]) -> String {
    let output = paddock(data, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What it complained about.
fn complaint(data: &Path, arguments: &[&str]) -> String {
    let output = paddock(data, arguments);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// An export of ChatGPT with one conversation.
fn chatgpt(folder: &Path) -> String {
    let node = |parent: &str, role: &str, text: &str| {
        json!({ "parent": parent, "message": {
            "author": { "role": role }, "content": { "content_type": "text", "parts": [text] },
            "create_time": 1_700_000_000.5, "metadata": { "model_slug": "gpt-4o" } } })
    };
    let export = json!([{
        "id": "c1", "title": "About horses", "create_time": 1_700_000_000.0, "update_time": 1_700_000_100.0,
        "current_node": "a", "mapping": {
            "root": { "parent": null, "message": null },
            "q": node("root", "user", "What is a paddock?"),
            "a": node("q", "assistant", "A small **field** for horses."),
        },
    }]);
    let path = folder.join("conversations.json");
    fs::write(&path, export.to_string()).unwrap();
    path.display().to_string()
}

#[test]
fn an_imported_conversation_is_listed_and_comes_out_in_every_form() {
    let place = TempDir::new().unwrap();
    let (data, file) = (place.path().join("data"), chatgpt(place.path()));
    assert_eq!(printed(&data, &["import", &file]), "Imported 1 conversation with 2 messages.\n");
    assert_eq!(printed(&data, &["import", &file]), "Imported 0 conversations with 0 messages. 1 was here already.\n");

    let list: Value = serde_json::from_str(&printed(&data, &["conversations", "list", "--json"])).unwrap();
    let id = list[0]["id"].as_str().unwrap();
    assert_eq!(printed(&data, &["conversations", "list"]), format!("{id}  About horses\n"));

    let markdown = "# About horses\n\n2023-11-14 · gpt-4o\n\n## User\n\nWhat is a paddock?\n\n## Assistant\n\n\
                    A small **field** for horses.\n";
    assert_eq!(printed(&data, &["export", id]), markdown);
    assert_eq!(printed(&data, &["export", "About horses", "--format", "markdown"]), markdown);
    assert!(printed(&data, &["export", id, "--format", "html"]).contains("A small <strong>field</strong> for horses."));
    let document: Value = serde_json::from_str(&printed(&data, &["export", id, "--format", "json"])).unwrap();
    assert_eq!((&document["format"], &document["version"]), (&json!("paddock"), &json!(1)));
}

#[test]
fn everything_goes_into_a_file_and_from_there_into_another_folder() {
    let place = TempDir::new().unwrap();
    let (data, file) = (place.path().join("data"), chatgpt(place.path()));
    printed(&data, &["import", &file]);
    let out = place.path().join("all.json").display().to_string();
    assert_eq!(printed(&data, &["export", "--all", "--out", &out]), "");
    assert_eq!(printed(&data, &["export", "--all"]), fs::read_to_string(&out).unwrap());

    let other = place.path().join("other");
    let report: Value = serde_json::from_str(&printed(&other, &["import", "--json", &out])).unwrap();
    assert_eq!((&report["conversations"], &report["messages"]), (&json!(1), &json!(2)));
    assert_eq!(printed(&other, &["export", "About horses"]), printed(&data, &["export", "About horses"]));
}

#[test]
fn what_is_wrong_is_said_and_what_is_right_still_comes_in() {
    let place = TempDir::new().unwrap();
    let (data, file) = (place.path().join("data"), chatgpt(place.path()));
    let bad = place.path().join("bad.json");
    fs::write(&bad, "[{\"mapping\":").unwrap();
    let bad = bad.display().to_string();
    assert!(complaint(&data, &["import", &bad, &file]).contains("“bad.json” is not whole JSON"));
    assert!(printed(&data, &["conversations", "list"]).contains("About horses"));
    assert!(complaint(&data, &["import", "/nowhere/at/all.json"]).contains("“all.json” could not be read"));
    assert!(complaint(&data, &["export", "Nothing"]).contains("There is no conversation “Nothing”."));
    assert!(complaint(&data, &["export", "--all", "--format", "html"]).contains("as JSON only"));
    assert!(complaint(&data, &["export"]).contains("required"));
    let nowhere = place.path().join("no/such/folder/a.md").display().to_string();
    assert!(complaint(&data, &["export", "About horses", "--out", &nowhere]).contains("could not be written"));
}

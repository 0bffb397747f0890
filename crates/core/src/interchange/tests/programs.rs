//! Exports of other programs, in the forms that they have.

use std::io::{Cursor, Write};

use paddock_store::Role::{Assistant, System, User};
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{Place, branch};

fn chatgpt() -> Value {
    let said = |parent: &str, role: &str, content: Value, at: f64, more: Value| {
        let mut message = json!({
            "author": { "role": role, "name": null, "metadata": {} }, "create_time": at, "content": content,
            "status": "finished_successfully", "end_turn": true, "weight": 1.0, "metadata": { "model_slug": "gpt-4o" },
            "recipient": "all",
        });
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "id": "x", "message": message, "parent": parent, "children": [] })
    };
    let text = |text: &str| json!({ "content_type": "text", "parts": [text] });
    let picture = json!({ "content_type": "multimodal_text", "parts": [
        { "content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1" }, "What is this?"] });
    let hidden = json!({ "metadata": { "is_visually_hidden_from_conversation": true } });
    json!({
        "title": "Horses", "create_time": 1_700_000_000.25, "update_time": 1_700_000_900.0, "is_archived": true,
        "conversation_id": "c1", "id": "c1", "current_node": "a2", "default_model_slug": "gpt-4o",
        "mapping": {
            "client-created-root": { "id": "client-created-root", "message": null, "parent": null, "children": ["s"] },
            "s": said("client-created-root", "system", text(""), 0.0, hidden),
            "q1": said("s", "user", text("A paddock?"), 1_700_000_001.0, json!({})),
            "a1": said("q1", "assistant", text("A field."), 1_700_000_002.0, json!({})),
            "q2": said("a1", "user", picture, 1_700_000_003.0, json!({})),
            "call": said("q2", "assistant", json!({ "content_type": "code", "text": "search()" }), 1_700_000_004.0,
                json!({ "recipient": "browser" })),
            "tool": said("call", "tool", json!({ "content_type": "execution_output", "text": "out" }), 1_700_000_005.0, json!({})),
            "thoughts": said("tool", "assistant", json!({ "content_type": "thoughts", "thoughts": [] }), 1_700_000_006.0, json!({})),
            "a2": said("thoughts", "assistant", text("A horse."), 1_700_000_007.0, json!({})),
            "other": said("q1", "assistant", text("A meadow."), 1_700_000_008.0, json!({})),
        },
    })
}

#[test]
fn chatgpt_comes_with_its_branches_and_without_what_nobody_saw() {
    let mut place = Place::new();
    let all = place.import_json("conversations.json", &json!([chatgpt()]));
    let [conversation] = all.as_slice() else { panic!("{all:?}") };
    let wanted = [(User, "A paddock?"), (Assistant, "A field."), (User, "What is this?"), (Assistant, "A horse.")];
    assert_eq!(branch(conversation), wanted);
    assert_eq!(conversation.messages.len(), 5);
    let other = conversation.messages.iter().find(|message| message.content == "A meadow.").unwrap();
    assert_eq!(other.parent_id.as_ref(), Some(&conversation.messages[0].id));
    assert_eq!((other.created_at_ms, other.model_name.as_deref()), (1_700_000_008_000, Some("gpt-4o")));
    let summary = &conversation.summary;
    assert_eq!((summary.title.as_str(), summary.title_is_auto, summary.archived), ("Horses", false, true));
    assert_eq!((summary.created_at_ms, summary.updated_at_ms), (1_700_000_000_250, 1_700_000_900_000));
}

#[test]
fn the_zip_of_chatgpt_is_read_as_it_is_also_in_several_lists() {
    let mut place = Place::new();
    let mut second = chatgpt();
    second["title"] = "Another".into();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let files = [
        ("export/conversations-000.json", json!([chatgpt()])),
        ("export/conversations-001.json", json!([second])),
        ("export/user.json", json!({ "id": "me" })),
    ];
    for (name, content) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.to_string().as_bytes()).unwrap();
    }
    let file = place.write("export.zip", zip.finish().unwrap().into_inner());
    let report = place.import(&[&file]);
    assert_eq!((report.conversations, report.messages, report.problems), (2, 10, vec![]));
}

#[test]
fn lm_studio_comes_with_its_versions_thoughts_and_system_prompt() {
    let text = |text: &str| json!([{ "type": "text", "text": text }]);
    let user = |said: &str| json!({ "type": "singleStep", "role": "user", "content": text(said) });
    let answer = |said: &str| {
        json!({
        "type": "multiStep", "role": "assistant", "senderInfo": { "senderName": "qwen3-8b" }, "steps": [
            { "type": "contentBlock", "stepIdentifier": "1-0", "content": text("hm"),
              "style": { "type": "thinking", "ended": true, "title": "Thought for 2 seconds" } },
            { "type": "contentBlock", "stepIdentifier": "1-1", "content": text(said), "genInfo": { "identifier": "qwen3" } },
            { "type": "debugInfoBlock", "stepIdentifier": "1-2", "debugInfo": "naming" },
        ] })
    };
    let file = json!({
        "name": "Horses", "pinned": true, "createdAt": 1_700_000_000_123_i64, "tokenCount": 9, "systemPrompt": "Be short.",
        "lastUsedModel": { "identifier": "qwen3", "indexedModelIdentifier": "qwen/qwen3" }, "preset": "",
        "messages": [
            { "versions": [user("A paddock?")], "currentlySelected": 0 },
            { "versions": [answer("A yard."), answer("A field.")], "currentlySelected": 1 },
            { "versions": [user("Thanks")], "currentlySelected": 0 },
        ],
    });
    let mut place = Place::new();
    let all = place.import_json("1700000000123.conversation.json", &file);
    let [conversation] = all.as_slice() else { panic!("{all:?}") };
    let thought = "<think>\nhm\n</think>\n\nA field.";
    assert_eq!(
        branch(conversation),
        [(System, "Be short."), (User, "A paddock?"), (Assistant, thought), (User, "Thanks")]
    );
    assert_eq!(conversation.messages.len(), 5);
    assert_eq!(conversation.messages[2].model_name.as_deref(), Some("qwen3-8b"));
    assert_eq!(conversation.setup_json.as_deref(), Some(r#"{"system":"Be short."}"#));
    assert_eq!((conversation.summary.created_at_ms, conversation.summary.pinned), (1_700_000_000_123, true));
}

#[test]
fn jan_comes_from_either_of_its_files_from_both_and_from_the_folder_and_once() {
    let mut place = Place::new();
    let thread = json!({
        "id": "t1", "object": "thread", "title": "Horses", "created": 1_700_000_000, "updated": 1_700_000_100.5,
        "assistants": [{ "id": "jan", "instructions": "Be short.", "model": { "id": "llama3.3-70b" } }], "metadata": {},
    });
    let line = |role: &str, at: i64, content: Value| {
        json!({ "id": "m", "object": "thread.message", "thread_id": "t1", "role": role, "created_at": at, "content": content,
            "status": "ready", "metadata": {} }).to_string()
    };
    let text = |text: &str| json!({ "type": "text", "text": { "value": text, "annotations": [] } });
    let thought = json!({ "type": "reasoning", "text": { "value": "hm", "annotations": [] } });
    let lines = [
        line("assistant", 1_700_000_002_000, json!([thought, text("A field.")])),
        line("user", 1_700_000_001_000, json!([text("A paddock?"), { "type": "image_url", "image_url": {} }])),
        String::new(),
    ];
    let thread = place.write("threads/t1/thread.json", thread.to_string());
    let messages = place.write("threads/t1/messages.jsonl", lines.join("\n"));
    let folder = place.folder.path().join("threads");

    assert_eq!(place.import(&[&thread, &messages]).conversations, 1);
    assert_eq!(place.import(&[&messages]).already_here, 1);
    assert_eq!(place.import(&[&folder]).already_here, 1);
    let all = place.conversations();
    let [conversation] = all.as_slice() else { panic!("{all:?}") };
    let answer = "<think>\nhm\n</think>\n\nA field.";
    assert_eq!(branch(conversation), [(System, "Be short."), (User, "A paddock?"), (Assistant, answer)]);
    assert_eq!(conversation.messages[2].created_at_ms, 1_700_000_002_000);
    assert_eq!(conversation.messages[2].model_name.as_deref(), Some("llama3.3-70b"));
}

#[test]
fn open_webui_comes_with_its_tree_and_in_its_old_form() {
    let message = |id: &str, parent: Value, role: &str, content: &str, at: i64| {
        json!({ "id": id, "parentId": parent, "childrenIds": [], "role": role, "content": content, "timestamp": at,
            "model": "llama3.3:70b", "modelName": "Llama 3.3", "models": ["llama3.3:70b"] })
    };
    let reasoned = "<details type=\"reasoning\" done=\"true\" duration=\"2\">\n<summary>Thought for 2 seconds</summary>\n\
                    &gt; is 1 &lt; 2?\n</details>\nA field.";
    let tree = json!({
        "id": "w1", "user_id": "me", "title": "Horses", "updated_at": 1_700_000_100, "created_at": 1_700_000_000,
        "archived": false, "pinned": true, "folder_id": null, "share_id": null, "meta": {},
        "chat": { "id": "", "title": "Horses", "models": ["llama3.3:70b"], "params": { "system": "Be short." },
            "history": { "currentId": "a", "messages": {
                "q": message("q", Value::Null, "user", "A paddock?", 1_700_000_001),
                "a": message("a", "q".into(), "assistant", reasoned, 1_700_000_002),
                "b": message("b", "q".into(), "assistant", "A yard.", 1_700_000_003),
            } }, "messages": [], "timestamp": 1_700_000_000_000_i64 },
    });
    let old = json!({
        "id": "w2", "title": "", "chat": { "title": "", "timestamp": 1_600_000_000, "messages": [
            { "role": "user", "content": "Old question" }, { "role": "assistant", "content": "Old answer" }] },
    });
    let mut place = Place::new();
    let all = place.import_json("chat-export.json", &json!([tree, old]));
    let [old, conversation] = all.as_slice() else { panic!("{all:?}") };
    let answer = "<think>\nis 1 < 2?\n</think>\n\nA field.";
    assert_eq!(branch(conversation), [(System, "Be short."), (User, "A paddock?"), (Assistant, answer)]);
    assert_eq!(conversation.messages.len(), 4);
    assert_eq!(conversation.messages[2].model_name.as_deref(), Some("Llama 3.3"));
    assert_eq!(branch(old), [(User, "Old question"), (Assistant, "Old answer")]);
    assert_eq!((old.summary.title.as_str(), old.summary.title_is_auto), ("Old question", true));
}

#[test]
fn one_that_went_on_since_is_another_and_the_same_is_not() {
    let mut place = Place::new();
    place.import_json("conversations.json", &json!([chatgpt()]));
    let mut later = chatgpt();
    later["mapping"]["q3"] = json!({ "parent": "a2", "message": {
        "author": { "role": "user" }, "content": { "content_type": "text", "parts": ["And then?"] } } });
    let file = place.write("later.json", json!([chatgpt(), later]).to_string());
    let report = place.import(&[&file]);
    assert_eq!((report.conversations, report.already_here), (1, 1));
}

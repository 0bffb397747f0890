//! Files that are broken, or mean harm.

use proptest::prelude::*;
use serde_json::json;

use super::Place;

/// What is said about a file, of which nothing comes in.
fn problem(name: &str, content: impl AsRef<[u8]>) -> String {
    let mut place = Place::new();
    let file = place.write(name, content);
    let report = place.import(&[&file]);
    assert_eq!((report.conversations, place.conversations().len()), (0, 0));
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    report.problems[0].clone()
}

#[test]
fn each_broken_file_has_its_sentence_and_brings_nothing() {
    let deep = format!("[{{\"mapping\":{}{}}}]", "[".repeat(100_000), "]".repeat(100_000));
    let whole = json!([{ "mapping": { "q": { "message": {
        "author": { "role": "user" }, "content": { "parts": ["whole"] } } } } }])
    .to_string();
    let cut = format!("{},{{\"mapping\":{{\"a\":", &whole[..whole.len() - 1]);
    let files: [(&str, &str); 7] = [
        ("", "is not whole JSON"),
        ("{", "is not whole JSON"),
        ("no JSON at all", "is not whole JSON"),
        (&deep, "recursion limit exceeded"),
        (&cut, "is not whole JSON"),
        ("{\"a\": 1}", "is not a file of conversations that Paddock knows"),
        ("[1, 2, {\"title\": \"x\"}]", "is not a file of conversations that Paddock knows"),
    ];
    for (content, words) in files {
        let said = problem("chats.json", content);
        assert!(said.starts_with("“chats.json” ") && said.contains(words), "{said}");
    }
    assert!(problem("chats.zip", b"PK\x03\x04 and nothing").contains("damaged zip"));
    assert!(problem("thread.json", "{\"object\": \"thread\"}").contains("messages.jsonl"));
    assert!(problem("messages.jsonl", "{\"role\": \"user\"}\n{").contains("a line that is not JSON"));
}

#[test]
fn documents_of_ours_that_contradict_themselves_are_left_out_and_newer_ones_refused() {
    let message = |id: &str, parent: Option<&str>| {
        json!({
        "id": id, "parentId": parent, "role": "user", "content": "x", "createdAtMs": 1 })
    };
    let document = |head: &str, messages: &[serde_json::Value]| {
        json!({
            "format": "paddock", "version": 1, "conversations": [{
                "id": "c", "title": "t", "createdAtMs": 1, "updatedAtMs": 1, "headId": head, "messages": messages }],
        })
        .to_string()
    };
    let files = [
        (document("a", &[message("a", Some("a"))]), "follows none before it"),
        (document("a", &[message("a", Some("b")), message("b", Some("a"))]), "follows none before it"),
        (document("a", &[message("a", None), message("a", None)]), "two messages of the same id"),
        (document("z", &[message("a", None)]), "shows a message that is not in it"),
        (json!({ "format": "paddock", "version": 1, "conversations": [7] }).to_string(), "not as Paddock writes them"),
        (json!({ "format": "paddock", "version": 2, "conversations": [] }).to_string(), "newer version of Paddock"),
    ];
    for (content, words) in files {
        assert!(problem("ours.json", &content).contains(words), "{content}");
    }
    let sorted = r#"{"conversations":[{"id":"c","title":"t","createdAtMs":1,"updatedAtMs":1,"messages":[]}],
        "format":"paddock","version":1}"#;
    let mut place = Place::new();
    let file = place.write("sorted.json", sorted);
    assert_eq!(place.import(&[&file]).conversations, 1);
}

#[test]
fn one_bad_conversation_does_not_cost_its_neighbours() {
    let chat =
        |text: String| json!({ "id": text.len(), "chat": { "messages": [{ "role": "user", "content": text }] } });
    let list = json!([chat("a".into()), chat("x".repeat(4_000_001)), chat("bb".into()), { "chat": {} }]);
    let mut place = Place::new();
    let file = place.write("list.json", list.to_string());
    let report = place.import(&[&file]);
    assert_eq!(report.conversations, 2);
    assert_eq!(
        report.problems,
        ["A conversation in “list.json” has a message of 4 MB, and at most 4 MB can be imported."]
    );
}

#[test]
fn problems_are_counted_and_not_endless() {
    let bad = json!({ "id": "c", "title": 7 });
    let document = json!({ "format": "paddock", "version": 1, "conversations": vec![bad; 1000] });
    let mut place = Place::new();
    let file = place.write("bad.json", document.to_string());
    let problems = place.import(&[&file]).problems;
    assert_eq!((problems.len(), problems[100].as_str()), (101, "There were 900 more problems."));
}

/// JSON of any shape with the words that make it look like an export.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let word = prop::sample::select(vec!["q", "a", "user", "assistant", "all", "text", "thread", "paddock", ""]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        word.prop_map(Into::into),
    ];
    let key = prop::sample::select(vec![
        "mapping",
        "message",
        "messages",
        "parent",
        "author",
        "role",
        "content",
        "parts",
        "create_time",
        "current_node",
        "chat",
        "history",
        "currentId",
        "parentId",
        "timestamp",
        "versions",
        "steps",
        "currentlySelected",
        "object",
        "format",
        "version",
        "conversations",
        "id",
        "q",
        "a",
        "text",
        "type",
        "title",
    ]);
    leaf.prop_recursive(6, 200, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|fields| {
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_json_comes_something_is_said_or_stored(json in any_json(), name in "(a|thread|b\\.conversation)\\.json") {
        let mut place = Place::new();
        let file = place.write(&name, json.to_string());
        let report = place.import(&[&file]);
        prop_assert_eq!(report.conversations as usize, place.conversations().len());
    }
}

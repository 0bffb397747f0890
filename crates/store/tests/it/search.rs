//! What is stored is found, what is deleted is not, and nothing that is typed is an error.

use paddock_store::{ConversationId, SearchHit, SearchQuery, Store, Turn};
use proptest::prelude::*;

use crate::{Place, follow, following, opening, stopped};

fn query(words: &str) -> SearchQuery {
    SearchQuery { words: words.to_owned(), conversation: None, limit: 50 }
}

fn found(store: &Store, words: &str) -> Vec<SearchHit> {
    store.search(&query(words)).unwrap()
}

/// The messages that are found, without the titles.
fn messages(store: &Store, words: &str) -> Vec<String> {
    found(store, words).into_iter().filter_map(|hit| hit.message_id).map(String::from).collect()
}

/// A question with its answer.
fn said(store: &mut Store, question: &str, answer: &str) -> Turn {
    let turn = store.begin_turn(opening(question)).unwrap();
    store.append_answer(&turn.answer.id, answer).unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 10).unwrap();
    turn
}

fn marked(hit: &SearchHit) -> String {
    hit.snippet.iter().map(|part| if part.hit { format!("[{}]", part.text) } else { part.text.clone() }).collect()
}

#[test]
fn all_words_must_be_there_and_the_last_may_be_a_beginning() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = said(&mut store, "How do I boil an egg?", "Eight minutes in Boiling water.");
    let (question, answer) = (turn.user.id.to_string(), turn.answer.id.to_string());
    assert_eq!(messages(&store, "egg boil"), [question]);
    assert_eq!(messages(&store, "water bo"), std::slice::from_ref(&answer));
    assert_eq!(messages(&store, "WATER"), [answer]);
    assert_eq!(messages(&store, "wat minutes"), [""; 0], "only the last may be a beginning");
    assert_eq!(messages(&store, "egg water"), [""; 0], "no message has both");
}

#[test]
fn accents_and_case_do_not_matter_and_the_hit_is_marked() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("Où est le Café Éclair?")).unwrap();
    let hits = found(&store, "cafe éCLA");
    assert_eq!(marked(hits.iter().find(|hit| hit.message_id.is_some()).unwrap()), "Où est le [Café] [Éclair]?");
    assert_eq!(hits.last().unwrap().message_id, Some(turn.user.id));
}

#[test]
fn titles_are_found_before_messages() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("horses")).unwrap();
    store.set_archived(&turn.conversation.id, true).unwrap();
    let hits = found(&store, "horses");
    assert_eq!((hits[0].message_id.clone(), marked(&hits[0])), (None, "About [horses]".to_owned()));
    assert_eq!(hits[1].message_id, Some(turn.user.id));
    assert!(hits.iter().all(|hit| hit.archived && hit.conversation_title == "About horses"));
    store.rename(&turn.conversation.id, "Ponies").unwrap();
    assert_eq!(found(&store, "pon").len(), 1);
    assert!(found(&store, "about horses").is_empty(), "the old title is forgotten");
}

#[test]
fn an_answer_is_found_when_it_ends_and_not_before() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = store.begin_turn(opening("x")).unwrap();
    store.append_answer(&turn.answer.id, "zebra").unwrap();
    assert!(found(&store, "zebra").is_empty());
    store.finish_answer(&turn.answer.id, stopped(), 1).unwrap();
    assert_eq!(messages(&store, "zebra"), [turn.answer.id.to_string()]);
    store.reopen_answer(&turn.answer.id).unwrap();
    assert!(found(&store, "zebra").is_empty());
    store.append_answer(&turn.answer.id, " and okapi").unwrap();
    store.finish_answer(&turn.answer.id, stopped(), 1).unwrap();
    assert_eq!(messages(&store, "okapi zebra"), [turn.answer.id.to_string()]);
}

#[test]
fn an_answer_of_a_dead_process_is_found_after_the_start() {
    let place = Place::new();
    let mut store = place.open();
    let turn = store.begin_turn(opening("x")).unwrap();
    store.append_answer(&turn.answer.id, "zebra").unwrap();
    drop(store);
    assert_eq!(messages(&place.open(), "zebra"), [turn.answer.id.to_string()]);
}

#[test]
fn what_is_deleted_is_not_found_and_what_is_restored_is() {
    let mut store = Store::open_in_memory().unwrap();
    let turn = said(&mut store, "zebra", "zebra");
    store.delete(&turn.conversation.id, 5).unwrap();
    assert!(found(&store, "zebra").is_empty());
    store.restore(&turn.conversation.id).unwrap();
    assert_eq!(found(&store, "zebra").len(), 3);
    store.delete_message(&turn.answer.id, 6).unwrap();
    assert_eq!(messages(&store, "zebra"), [turn.user.id.to_string()]);
    store.purge_deleted(i64::MAX).unwrap();
    assert_eq!(messages(&store, "zebra"), [turn.user.id.to_string()]);
}

#[test]
fn the_best_come_first_over_all_and_within_a_conversation_its_order_counts() {
    let mut store = Store::open_in_memory().unwrap();
    let filler = "some other words about nothing much ".repeat(20);
    let poor = said(&mut store, &format!("okapi {filler}"), "yes");
    let good = said(&mut store, "okapi okapi", "no");
    let later = store.begin_turn(following(&poor, "okapi okapi okapi")).unwrap();
    assert_eq!(messages(&store, "okapi").last().unwrap(), poor.user.id.as_str());
    let within = SearchQuery { conversation: Some(poor.conversation.id.clone()), ..query("okapi") };
    let hits: Vec<_> = store.search(&within).unwrap().into_iter().filter_map(|hit| hit.message_id).collect();
    assert_eq!(hits, [poor.user.id, later.user.id]);
    assert!(messages(&store, "okapi").contains(&good.user.id.to_string()));
    let nowhere = SearchQuery { conversation: Some(ConversationId::from("none")), ..query("okapi") };
    assert!(store.search(&nowhere).is_err());
}

#[test]
fn scripts_without_spaces_are_found_by_any_piece() {
    let mut store = Store::open_in_memory().unwrap();
    let japanese = said(&mut store, "昨日は東京タワーに行きました", "いいですね");
    let korean = said(&mut store, "서울에서는 무엇을 먹나요", "김치찌개");
    let chinese = said(&mut store, "我喜欢看Rust编程书籍", "好");
    assert_eq!(messages(&store, "東京"), [japanese.user.id.to_string()]);
    assert_eq!(messages(&store, "タワーに"), [japanese.user.id.to_string()]);
    assert_eq!(messages(&store, "치찌"), [korean.answer.id.to_string()]);
    assert_eq!(messages(&store, "rust编程"), [chinese.user.id.to_string()]);
    assert_eq!(messages(&store, "東京 京都"), [""; 0]);
    assert_eq!(found(&store, "書籍").len(), 0, "another character is another word");
    let within = SearchQuery { conversation: Some(japanese.conversation.id), ..query("東京") };
    let hits = store.search(&within).unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!(marked(&hits[0]), "昨日は[東京]タワーに行きました");
    let mixed = said(&mut store, "The tower of 東京都 is red", "no");
    assert_eq!(messages(&store, "東京 tower"), [mixed.user.id.to_string()]);
}

#[test]
fn as_many_hits_as_wanted_are_given() {
    let mut store = Store::open_in_memory().unwrap();
    let mut turn = store.begin_turn(opening("start")).unwrap();
    for n in 0..30 {
        turn = store.begin_turn(follow(&turn.conversation.id, &turn.answer.id, &format!("okapi {n}"))).unwrap();
    }
    let with_limit = |limit| store.search(&SearchQuery { limit, ..query("okapi") }).unwrap().len();
    assert_eq!((with_limit(7), with_limit(0), with_limit(usize::MAX)), (7, 1, 30));
}

#[test]
fn nothing_that_is_typed_is_an_error() {
    let mut store = Store::open_in_memory().unwrap();
    said(&mut store, "a \"quoted\" NEAR(miss) 100% c++ 🐎 don't", "AND OR NOT ^start -minus col:umn {x} *");
    let long = "word ".repeat(5_000);
    for typed in [
        "",
        " ",
        "\"",
        "\"\"",
        "'",
        "*",
        "a*",
        "(",
        ")",
        "AND",
        "a AND",
        "NOT",
        "NEAR(",
        "col:",
        "-",
        "^",
        "+",
        "🐎",
        "\0",
        "a\0b",
        "%",
        "_",
        "\\",
        "content:x",
        "{",
        "\u{301}",
        "\u{e000}",
        "ﬃ",
        "'; DROP TABLE messages; --",
        &long,
        "東%",
        "_京",
    ] {
        store.search(&query(typed)).unwrap_or_else(|error| panic!("{typed:?}: {error}"));
    }
    assert!(found(&store, "AND").len() == 1, "an operator is a word like any other");
    assert!(found(&store, "%").is_empty() && found(&store, "!?").is_empty());
    assert_eq!(found(&store, "don't").len(), 2, "question and title");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_typed_and_a_word_of_a_message_finds_it(text in "\\PC{0,40}", typed in "\\PC{0,40}") {
        let mut store = Store::open_in_memory().unwrap();
        let turn = store.begin_turn(opening(&format!("{text} anchor"))).unwrap();
        store.search(&query(&typed)).unwrap();
        let hits = messages(&store, "anchor");
        prop_assert_eq!(hits, [turn.user.id.to_string()]);
    }
}

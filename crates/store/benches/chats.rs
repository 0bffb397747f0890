//! How long the list, a search and the longest conversation take with 100,000 messages in 2,000 conversations.
//!
//! Prints one JSON object of dotted names and numbers; `npm run bench -- chats` shows it. With `--seed DATABASE` it only
//! writes that database, for measuring the window with it.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use paddock_store::{ConversationId, Finish, FinishReason, NewTurn, SearchQuery, Store};

const CONVERSATIONS: usize = 2_000;
const MESSAGES: usize = 100_000;
/// Messages of the longest conversation, which is the last one written to.
const LONGEST: usize = 10_000;
/// Bytes of the longest message, in a conversation of its own.
const LONG_MESSAGE_BYTES: usize = 1_000_000;
/// The median of this many.
const RUNS: usize = 21;
/// 2026-01-01.
const START_MS: i64 = 1_767_225_600_000;

/// As common as words are: the first one is in nearly every message, the last one in few.
const WORDS: [&str; 20] = [
    "the", "herd", "rests", "under", "trees", "every", "morning", "quiet", "wind", "moves", "green", "fields",
    "nobody", "counts", "steps", "water", "café", "lantern", "zephyr", "quokka",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    if arguments.next().as_deref() == Some("--seed") {
        seed(Path::new(&arguments.next().ok_or("--seed takes the path of a database")?))?;
        return Ok(());
    }
    // Where there is one, a folder in memory: writing all of it waits for the disk 100,000 times.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
    let database = folder.path().join("paddock.db");
    seed(&database)?;
    let store = Store::open(&database)?;
    let list_ms = median_ms(|| store.conversations().map(drop))?;
    let longest = newest(&store)?;
    let open_ms = median_ms(|| store.conversation(&longest).map(drop))?;
    let mut searches_ms = Vec::new();
    for word in WORDS {
        let query = SearchQuery { words: word.into(), conversation: None, limit: 50 };
        searches_ms.push(median_ms(|| store.search(&query).map(drop))?);
    }
    searches_ms.sort_by(f64::total_cmp);
    let (search_ms, slowest_ms) = (searches_ms[WORDS.len() / 2], searches_ms[WORDS.len() - 1]);
    writeln!(
        io::stdout(),
        "{{ \"chats.list_ms\": {list_ms}, \"chats.search_ms\": {search_ms}, \"chats.search_slowest_ms\": {slowest_ms}, \
         \"chats.open_10k_ms\": {open_ms} }}"
    )?;
    Ok(())
}

fn median_ms<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut times_ms = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        work()?;
        times_ms.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times_ms.sort_by(f64::total_cmp);
    Ok(times_ms[RUNS / 2])
}

fn newest(store: &Store) -> Result<ConversationId, Box<dyn Error>> {
    Ok(store.conversations()?.first().ok_or("nothing was written")?.id.clone())
}

fn seed(database: &Path) -> Result<(), Box<dyn Error>> {
    let mut store = Store::open(database)?;
    let mut writer = Writer { store: &mut store, number: 0 };
    // Two messages in a turn; what is left after the two special conversations is divided among the others.
    let others = CONVERSATIONS - 2;
    let turns = (MESSAGES - LONGEST - 2) / 2;
    for index in 0..others {
        let share = turns / others + usize::from(index < turns % others);
        writer.conversation(&format!("Talk {index} about {}", WORDS[index % WORDS.len()]), share, None)?;
    }
    writer.conversation("The long message", 1, Some(long_message()))?;
    writer.conversation("The long conversation", LONGEST / 2, None)
}

/// Writes turns one after the other, each a second after the one before.
struct Writer<'a> {
    store: &'a mut Store,
    number: usize,
}

impl Writer<'_> {
    fn conversation(&mut self, title: &str, turns: usize, answer: Option<String>) -> Result<(), Box<dyn Error>> {
        let mut conversation = None;
        let mut parent = None;
        for _ in 0..turns {
            self.number += 1;
            let now_ms = START_MS + 1000 * i64::try_from(self.number)?;
            let turn = self.store.begin_turn(NewTurn {
                conversation: conversation.clone(),
                parent: parent.clone(),
                content: text(self.number, 12),
                attachments: Vec::new(),
                setup_json: None,
                title_if_new: title.into(),
                system: None,
                model_name: Some("Seeded model".into()),
                now_ms,
            })?;
            let full_text = answer.clone().unwrap_or_else(|| text(self.number, 60));
            let finish = Finish {
                reason: FinishReason::Stop,
                timings: None,
                error_json: None,
                full_text: Some(full_text),
                model_name: None,
                cut_json: None,
                thinking_ms: None,
            };
            self.store.finish_answer(&turn.answer.id, finish, now_ms)?;
            conversation = Some(turn.conversation.id);
            parent = Some(turn.answer.id);
        }
        Ok(())
    }
}

/// So many words, the same ones for the same number. Each word of the list is about two thirds as common as the one
/// before it.
fn text(number: usize, words: usize) -> String {
    let mut state = number as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut out = String::new();
    for _ in 0..words {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut bits = state >> 20;
        let mut index = 0;
        while index + 1 < WORDS.len() && !bits.is_multiple_of(3) {
            bits /= 3;
            index += 1;
        }
        out.push_str(WORDS[index]);
        out.push(' ');
    }
    out
}

/// Paragraphs, lists and code.
fn long_message() -> String {
    let mut out = String::new();
    let mut number = 0;
    while out.len() < LONG_MESSAGE_BYTES {
        number += 1;
        out.push_str(&format!(
            "## Part {number}\n\n{}\n\n- one\n- two\n\n```rust\nlet x = {number};\n```\n\n",
            text(number, 80)
        ));
    }
    out
}

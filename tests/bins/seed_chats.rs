//! Writes conversations into a database, for tests and measurements that need more of them than anybody can type.
//!
//! `seed-chats DATABASE < CONVERSATIONS`, where the input is JSON: `[{"title": "…", "turns": [["question", "answer"], …]}]`.
//! The last one given is the one that changed last. Where the database is on a disk, each turn waits for it twice.

use std::{
    env,
    error::Error,
    io::stdin,
    time::{SystemTime, UNIX_EPOCH},
};

use paddock_store::{Finish, FinishReason, NewTurn, Store, Timings};
use serde::Deserialize;

#[derive(Deserialize)]
struct Seed {
    title: String,
    turns: Vec<(String, String)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(database) = env::args_os().nth(1) else {
        return Err("usage: seed-chats DATABASE < CONVERSATIONS".into());
    };
    let seeds: Vec<Seed> = serde_json::from_reader(stdin().lock())?;
    let mut store = Store::open(&database)?;
    let n_turns: usize = seeds.iter().map(|seed| seed.turns.len()).sum();
    // One second between two messages, and the last one is written now.
    let mut now_ms =
        i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())? - 1000 * i64::try_from(n_turns)?;
    for Seed { title, turns } in seeds {
        let mut conversation = None;
        let mut parent = None;
        for (question, answer) in turns {
            now_ms += 1000;
            let turn = store.begin_turn(NewTurn {
                conversation: conversation.clone(),
                parent: parent.clone(),
                content: question,
                attachments: Vec::new(),
                setup_json: None,
                title_if_new: title.clone(),
                system: None,
                model_name: Some("Seeded model".into()),
                now_ms,
            })?;
            let words = u32::try_from(answer.split_whitespace().count())?;
            let timings = Timings {
                cache_n: 0,
                prompt_n: 8,
                prompt_ms: 10.0,
                predicted_n: words,
                predicted_ms: f64::from(words) * 20.0,
            };
            let finish = Finish {
                reason: FinishReason::Stop,
                timings: Some(timings),
                error_json: None,
                full_text: Some(answer),
                model_name: None,
                cut_json: None,
                thinking_ms: None,
            };
            store.finish_answer(&turn.answer.id, finish, now_ms)?;
            conversation = Some(turn.conversation.id);
            parent = Some(turn.answer.id);
        }
    }
    Ok(())
}

//! What is computed twice: nothing. Counted against a model of the engine's memory that knows only texts and tokens.

use std::{path::Path, sync::OnceLock};

use llama_cpp_2::{
    llama_backend::LlamaBackend,
    model::{LlamaModel, params::LlamaModelParams},
    token::LlamaToken,
};
use paddock_engine_api::{
    EngineHost,
    parking::Parking,
    protocol::{ChatMessage, ChatRole, GenerateParams, LoadParams, Timings},
};
use tempfile::TempDir;

use crate::{
    harness::{answer, assistant, greedy, loaded_host, self_test_model, user},
    parallel::one_thread,
};

/// The self-test model's vocabulary and template, written down once more.
struct Vocabulary(LlamaModel);

impl Vocabulary {
    fn shared() -> &'static Self {
        // llama.cpp's backend can be had once in a process.
        static SHARED: OnceLock<(LlamaBackend, Vocabulary)> = OnceLock::new();
        let (_, vocabulary) = SHARED.get_or_init(|| {
            let mut backend = LlamaBackend::init().unwrap();
            backend.void_logs();
            let params = LlamaModelParams::default().with_vocab_only(true);
            let model = LlamaModel::load_from_file(&backend, self_test_model(), &params).unwrap();
            (backend, Self(model))
        });
        vocabulary
    }

    /// As the template writes it. The date is another one; it is as long, and stands where all conversations are alike.
    fn prompt(&self, messages: &[ChatMessage], answer: Option<&str>) -> Vec<LlamaToken> {
        let mut text = "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n\
                        Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n<|eot_id|>"
            .to_owned();
        for ChatMessage { role, content, .. } in messages {
            let role = role.as_str();
            text.push_str(&format!("<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>"));
        }
        text.push_str("<|start_header_id|>assistant<|end_header_id|>\n\n");
        text.push_str(answer.unwrap_or_default());
        self.0.vocab().tokenize(text.as_bytes(), false, true)
    }
}

/// Everything that was computed, as if there were room for all of it.
struct Memory {
    vocabulary: &'static Vocabulary,
    held: Vec<Vec<LlamaToken>>,
    /// How much longer the engine's prompts are because of the date.
    date: Option<usize>,
}

impl Memory {
    fn new() -> Self {
        Self { vocabulary: Vocabulary::shared(), held: Vec::new(), date: None }
    }

    /// Ask, and compare with what must have been new.
    async fn ask(&mut self, host: &EngineHost, conversation: &str, messages: &[ChatMessage]) -> (String, Timings) {
        let params = GenerateParams { conversation: Some(conversation.into()), ..greedy(messages.to_vec()) };
        let (text, _, timings) = answer(host, params).await;
        let prompt = self.vocabulary.prompt(messages, None);
        let total = (timings.cache_n + timings.prompt_n) as usize;
        let date = total - prompt.len();
        assert_eq!(*self.date.get_or_insert(date), date, "the test's template is the engine's");
        let common = |held: &Vec<LlamaToken>| held.iter().zip(&prompt).take_while(|(a, b)| a == b).count();
        let kept = self.held.iter().map(common).max().unwrap_or(0).min(prompt.len() - 1);
        let new = if kept == 0 { total } else { prompt.len() - kept };
        assert_eq!(timings.prompt_n as usize, new, "{conversation}: {messages:?}");
        let whole = self.vocabulary.prompt(messages, Some(&text));
        // The token that ends the turn is written and not computed.
        assert_eq!(whole.len() + 1, prompt.len() + timings.predicted_n as usize, "{text}");
        self.held.push(whole);
        (text, timings)
    }
}

fn then(talk: &[ChatMessage], answer: &str, question: &str) -> Vec<ChatMessage> {
    [talk, &[assistant(answer), user(question)]].concat()
}

#[tokio::test]
async fn over_twenty_steps_of_several_conversations_only_new_tokens_are_computed_and_no_answer_changes() {
    let (host, _) = loaded_host(LoadParams { n_parallel: 4, ..one_thread() }).await;
    let mut memory = Memory::new();
    let mut steps = Vec::new();
    let mut step = async |conversation: &str, talk: Vec<ChatMessage>| {
        let (text, _) = memory.ask(&host, conversation, &talk).await;
        steps.push((talk, text.clone()));
        text
    };
    let [a, b, c] = ["Count to 20", "What is the capital of France?", "explain quantum entanglement"]
        .map(|question| vec![user(question)]);
    // Turns, and switching between conversations.
    let a1 = step("a", a.clone()).await;
    let b1 = step("b", b.clone()).await;
    let a_2 = then(&a, &a1, "What is 2+2?");
    let a2 = step("a", a_2.clone()).await;
    let c1 = step("c", c.clone()).await;
    let b_2 = then(&b, &b1, "What is the capital of Germany?");
    let b2 = step("b", b_2.clone()).await;
    let a_3 = then(&a_2, &a2, "Count to 5");
    let a3 = step("a", a_3.clone()).await;
    // Regenerations.
    step("a", a_3.clone()).await;
    step("c", c.clone()).await;
    // Edits: of the last question, of the first, and back.
    let b_2e = then(&b, &b1, "What is the capital of Italy?");
    step("b", b_2e.clone()).await;
    step("b", b_2.clone()).await;
    let a_e = then(&a, &a1, "What is the capital of Spain?");
    let ae = step("a", a_e.clone()).await;
    step("a", then(&a_e, &ae, "Count to 10")).await;
    // The first branch once more, further on.
    step("a", then(&a_3, &a3, "Count to 8")).await;
    // A branch that became a conversation of its own.
    step("d", then(&a_2, &a2, "Count to 7")).await;
    step("b", then(&b_2, &b2, "What is 2+2?")).await;
    step("c", then(&c, &c1, "What is 2+2?")).await;
    step("c", then(&c, &c1, "Count to 3")).await;
    step("e", vec![user("Count to 20")]).await;
    step("e", then(&a, &a1, "What is 2+2?")).await;
    step("b", b.clone()).await;
    assert_eq!(steps.len(), 20);
    for (talk, text) in steps {
        let (fresh, _) = loaded_host(one_thread()).await;
        assert_eq!(answer(&fresh, greedy(talk)).await.0, text);
    }
}

fn parking(folder: &Path) -> LoadParams {
    // Each conversation takes more than half of the context.
    let parking = Some(Parking { folder: folder.into(), max_bytes: 1 << 30 });
    LoadParams { n_ctx: Some(256), parking, ..one_thread() }
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn conversations_that_do_not_fit_come_back_from_the_disk_also_after_another_load() {
    let folder = TempDir::new().unwrap();
    let (host, _) = loaded_host(parking(folder.path())).await;
    let mut memory = Memory::new();
    let talks = ["France", "Germany", "Italy", "Spain"].map(|country| {
        let first = user(&format!("What is the capital of {country}?"));
        vec![first, assistant("It is there."), user("Count to 50")]
    });
    let mut answers = Vec::new();
    for talk in &talks {
        answers.push(memory.ask(&host, &talk[0].content, talk).await.0);
    }
    assert_eq!(files(folder.path()), 6, "all but the last one are parked, in two files each");
    for (talk, text) in talks.iter().zip(&answers) {
        let next = then(talk, text, "What is 2+2?");
        let (_, timings) = memory.ask(&host, &talk[0].content, &next).await;
        assert!(timings.prompt_n < 30 && timings.cache_n > 100, "{timings:?}");
    }
    host.unload().await.unwrap();
    let again = LoadParams { path: self_test_model(), ..parking(folder.path()) };
    host.load(again, |_| {}).await.unwrap();
    for (talk, text) in talks.iter().zip(&answers) {
        let next = then(talk, text, "What is 2+2?");
        let (_, timings) = memory.ask(&host, &talk[0].content, &next).await;
        assert_eq!(timings.prompt_n, 1);
    }
}

#[tokio::test]
async fn a_damaged_file_costs_its_conversation_the_prompt_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let (host, _) = loaded_host(parking(folder.path())).await;
    let ask = |question: &str| GenerateParams { conversation: Some(question.into()), ..greedy(vec![user(question)]) };
    let (first, _, fresh) = answer(&host, ask("Count to 40")).await;
    answer(&host, ask("Count to 41")).await;
    assert_eq!(files(folder.path()), 2);
    for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "kv") {
            let mut bytes = std::fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(file, bytes).unwrap();
        }
    }
    let (text, _, timings) = answer(&host, ask("Count to 40")).await;
    assert_eq!(text, first);
    // What both conversations begin with was in the context.
    assert!(timings.prompt_n > 1 && timings.cache_n + timings.prompt_n == fresh.prompt_n, "{timings:?}");
}

#[tokio::test]
async fn a_forgotten_conversation_is_gone_from_the_context_and_the_disk() {
    let folder = TempDir::new().unwrap();
    let (host, _) = loaded_host(parking(folder.path())).await;
    let ask = |question: &str, conversation: Option<&str>| GenerateParams {
        conversation: conversation.map(str::to_owned),
        ..greedy(vec![user(question)])
    };
    answer(&host, ask("Count to 40", Some("one"))).await;
    answer(&host, ask("Count to 41", Some("two"))).await;
    answer(&host, ask("Count to 42", None)).await;
    assert_eq!(files(folder.path()), 4, "what has no name is not parked");
    host.forget(Some("one".into()), folder.path()).await.unwrap();
    assert_eq!(files(folder.path()), 2);
    let (_, _, one) = answer(&host, ask("Count to 40", Some("one"))).await;
    assert!(one.prompt_n > 1, "{one:?}");
    host.forget(None, folder.path()).await.unwrap();
    assert_eq!(files(folder.path()), 0);
    let (_, _, two) = answer(&host, ask("Count to 41", Some("two"))).await;
    assert_eq!(two.cache_n, 0);
    host.stop().await;
    host.forget(Some("two".into()), folder.path()).await.unwrap();
    assert!(matches!(*host.life().borrow(), paddock_core::Life::Stopped), "no engine is started to forget");
}

#[tokio::test]
async fn a_system_message_that_two_conversations_share_is_computed_once() {
    let (host, _) = loaded_host(LoadParams { n_parallel: 2, ..one_thread() }).await;
    let system = ChatMessage::new(ChatRole::System, "You are a helpful assistant. ".repeat(20));
    let ask = |question: &str, name: &str| GenerateParams {
        conversation: Some(name.into()),
        ..greedy(vec![system.clone(), user(question)])
    };
    let (_, _, one) = answer(&host, ask("Count to 40", "one")).await;
    let mut running = host.generate(ask("Count to 100", "one"));
    while !matches!(running.next().await.unwrap(), paddock_engine_api::GenerationEvent::Text { .. }) {}
    // Also while the other one is being written in.
    let (_, _, two) = answer(&host, ask("What is 2+2?", "two")).await;
    assert!(two.prompt_n < 20 && two.cache_n > 80, "{one:?} {two:?}");
}

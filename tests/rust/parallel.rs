//! Several answers at once: each is the one it would be alone, nobody waits for a place that is free, and what does not
//! fit together goes on later.

use paddock_engine_api::{
    EngineHost, Generation, GenerationEvent,
    output::OnFull,
    protocol::{ChatMessage, ChatRole, FinishReason, GenerateParams, LoadParams},
};

use crate::harness::{answer, assistant, greedy, loaded_host, patiently, read, user};

const QUESTIONS: [&str; 4] = ["Count to 50", "Count to 20", "explain quantum entanglement", "Count to 100"];

/// One thread computes the same on every computer, and the tests beside this one have the others.
pub fn one_thread() -> LoadParams {
    LoadParams { n_threads: Some(1), ..LoadParams::default() }
}

fn parallel(n_parallel: u32, n_ctx: u32) -> LoadParams {
    LoadParams { n_parallel, n_ctx: Some(n_ctx), ..one_thread() }
}

fn asked(question: &str) -> GenerateParams {
    greedy(vec![user(question)])
}

/// What a fresh engine with room for one answers.
async fn alone(questions: &[&str]) -> Vec<String> {
    let mut answers = Vec::new();
    for question in questions {
        let (host, _) = loaded_host(one_thread()).await;
        answers.push(answer(&host, asked(question)).await.0);
    }
    answers
}

/// Read until some text is there.
async fn begun(generation: &mut Generation) -> String {
    loop {
        match generation.next().await.unwrap() {
            GenerationEvent::Prompt { .. } => {}
            GenerationEvent::Text { text, .. } => return text,
            GenerationEvent::Done { .. } => panic!("it ended before it began"),
        }
    }
}

async fn all(host: &EngineHost, questions: &[&str]) -> Vec<(String, FinishReason)> {
    let mut answers: Vec<_> = questions.iter().map(|question| host.generate(asked(question))).collect();
    let mut read_all = Vec::new();
    for generation in &mut answers {
        let (text, reason, _) = patiently(read(generation)).await.unwrap();
        read_all.push((text, reason));
    }
    read_all
}

#[tokio::test]
async fn several_answers_are_written_at_once_and_each_is_the_one_it_would_be_alone() {
    let expected = alone(&QUESTIONS).await;
    let (host, _) = loaded_host(parallel(4, 4096)).await;
    // All of them come before the first can end: the last one's first word is awaited first.
    let mut generations: Vec<_> = QUESTIONS.iter().map(|question| host.generate(asked(question))).collect();
    let mut texts = vec![String::new(); 4];
    for at in [3, 2, 1, 0] {
        texts[at] = patiently(begun(&mut generations[at])).await;
    }
    for (generation, text) in generations.iter_mut().zip(&mut texts) {
        let (rest, reason, _) = patiently(read(generation)).await.unwrap();
        text.push_str(&rest);
        assert_eq!(reason, FinishReason::Stop);
    }
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn one_more_than_there_are_places_waits_for_one_and_may_be_stopped_there() {
    let (host, _) = loaded_host(parallel(2, 4096)).await;
    let mut first = host.generate(asked("Count to 300"));
    let mut second = host.generate(asked("Count to 300"));
    let mut stopped = host.generate(asked("Count to 50"));
    let mut third = host.generate(asked("Count to 5"));
    patiently(begun(&mut second)).await;
    stopped.cancel();
    let (text, reason, _) = patiently(read(&mut stopped)).await.unwrap();
    assert_eq!((text.as_str(), reason), ("", FinishReason::Cancelled));
    // Both places are still taken.
    patiently(begun(&mut first)).await;
    first.cancel();
    assert_eq!(patiently(read(&mut first)).await.unwrap().1, FinishReason::Cancelled);
    assert_eq!(patiently(read(&mut third)).await.unwrap().0, "1, 2, 3, 4, 5");
    second.cancel();
    assert_eq!(patiently(read(&mut second)).await.unwrap().1, FinishReason::Cancelled);
}

#[tokio::test]
async fn one_of_several_is_stopped_and_the_others_are_not_touched() {
    let expected = alone(&["Count to 50"]).await;
    let (host, _) = loaded_host(parallel(3, 4096)).await;
    let mut stays = host.generate(asked("Count to 50"));
    let mut goes = host.generate(asked("Count to 300"));
    let text = patiently(begun(&mut stays)).await;
    patiently(begun(&mut goes)).await;
    goes.cancel();
    let (_, reason, timings) = patiently(read(&mut goes)).await.unwrap();
    assert_eq!(reason, FinishReason::Cancelled);
    assert!(timings.predicted_n > 0, "{timings:?}");
    let (rest, reason, _) = patiently(read(&mut stays)).await.unwrap();
    assert_eq!((format!("{text}{rest}"), reason), (expected[0].clone(), FinishReason::Stop));
}

#[tokio::test]
async fn a_long_prompt_does_not_keep_others_from_writing() {
    let params = LoadParams { n_batch: 256, n_ubatch: 256, ..parallel(2, 16_384) };
    let (host, _) = loaded_host(params).await;
    let mut writes = host.generate(asked("Count to 300"));
    patiently(begun(&mut writes)).await;
    let mut reads = host.generate(greedy(vec![user(&"sky blue ".repeat(2_500))]));
    let mut pieces = 0;
    // Between the pieces of the one, the other writes: its next word needs no end of them.
    while !matches!(patiently(reads.next()).await.unwrap(), GenerationEvent::Text { .. }) {
        pieces += 1;
        if pieces == 2 {
            patiently(begun(&mut writes)).await;
            break;
        }
    }
    assert_eq!(pieces, 2);
    reads.cancel();
    let (_, reason, timings) = patiently(read(&mut reads)).await.unwrap();
    assert_eq!(reason, FinishReason::Cancelled);
    assert!(timings.prompt_n < 5_000, "{timings:?}");
    assert!(matches!(patiently(read(&mut writes)).await.unwrap().1, FinishReason::Stop | FinishReason::Length));
}

#[tokio::test]
async fn when_room_runs_out_the_youngest_gives_way_and_goes_on_later() {
    let questions = ["Count to 50", "Count to 20", "Count to 50"];
    let expected = alone(&questions).await;
    let (host, loaded) = loaded_host(parallel(3, 256)).await;
    assert_eq!(loaded.n_ctx, 256);
    let answers = all(&host, &questions).await;
    for ((text, reason), expected) in answers.iter().zip(&expected) {
        assert_eq!((text, *reason), (expected, FinishReason::Stop));
    }
}

#[tokio::test]
async fn a_load_waits_for_what_is_written_and_what_comes_after_it_waits_for_the_load() {
    let (host, loaded) = loaded_host(parallel(2, 2048)).await;
    let mut before = host.generate(asked("Count to 50"));
    let text = patiently(begun(&mut before)).await;
    let again = LoadParams { path: loaded.path, ..parallel(2, 512) };
    let reload = host.load(again, |_| {});
    let after = async {
        let long = greedy(vec![user(&"sky blue ".repeat(600))]);
        read(&mut host.generate(long)).await
    };
    let whole = async { patiently(read(&mut before)).await.unwrap() };
    let (reloaded, refused, (rest, reason, _)) = tokio::join!(reload, after, whole);
    assert_eq!((format!("{text}{rest}").ends_with("49, 50"), reason), (true, FinishReason::Stop));
    assert_eq!(reloaded.unwrap().n_ctx, 512);
    assert!(refused.is_err(), "what came after the load finds the shorter context");
}

#[tokio::test]
async fn a_conversation_is_counted_while_answers_are_written() {
    let (host, _) = loaded_host(parallel(1, 4096)).await;
    let mut generation = host.generate(asked("Count to 300"));
    patiently(begun(&mut generation)).await;
    let counted = patiently(host.count_tokens(vec![user("hi")], false)).await.unwrap();
    assert!(counted > 10);
    generation.cancel();
    let (_, reason, _) = patiently(read(&mut generation)).await.unwrap();
    assert_eq!(reason, FinishReason::Cancelled, "the count waited for the end of the answer");
}

#[tokio::test]
async fn a_number_of_answers_that_cannot_be_is_refused() {
    let (host, loaded) = loaded_host(one_thread()).await;
    for n_parallel in [0, 65, u32::MAX] {
        let refused = host.load(LoadParams { path: loaded.path.clone(), n_parallel, ..LoadParams::default() }, |_| {});
        assert!(refused.await.unwrap_err().to_string().contains("64"));
    }
}

#[tokio::test]
async fn an_answer_goes_on_past_the_end_of_the_context_if_it_may() {
    let (host, _) = loaded_host(LoadParams { n_ctx: Some(256), ..one_thread() }).await;
    let talk = GenerateParams { on_full: OnFull::Shift, max_tokens: Some(400), ..asked("Count to 100") };
    let (text, reason, timings) = answer(&host, talk.clone()).await;
    assert!(text.starts_with("1, 2, 3, 4, 5"), "{text}");
    let beyond = timings.prompt_n + timings.predicted_n > 257;
    assert!(beyond && (timings.predicted_n == 400 || reason == FinishReason::Stop), "{timings:?} {reason:?}");
    // The same again, from what is left in the context: the beginning stayed.
    let (again, _, second) = answer(&host, talk).await;
    assert_eq!(again, text);
    assert!(second.cache_n > 10, "{second:?}");
}

#[tokio::test]
async fn an_answer_that_never_ends_is_ended_and_one_without_room_to_forget_ends_at_once() {
    let (host, _) = loaded_host(LoadParams { n_ctx: Some(256), ..one_thread() }).await;
    // At this temperature the model hardly ever ends by itself.
    let mut endless = GenerateParams { on_full: OnFull::Shift, ..asked("Count to 100") };
    endless.sampling.temperature = 5.0;
    endless.sampling.top_k = 0;
    endless.sampling.top_p = 1.0;
    endless.sampling.min_p = 0.0;
    endless.sampling.seed = Some(1);
    let (_, _, timings) = patiently(answer(&host, endless)).await;
    assert!(timings.predicted_n <= 4 * 256, "{timings:?}");
    // Instructions that fill the context leave nothing to forget.
    let talk = |n| vec![ChatMessage::new(ChatRole::System, " sky".repeat(n)), user("Count to 100")];
    let mut n = 1;
    while host.count_tokens(talk(n + 1), false).await.unwrap() <= 245 {
        n += 1;
    }
    let messages = talk(n);
    let full = GenerateParams { on_full: OnFull::Shift, ..greedy(messages) };
    let (_, reason, timings) = patiently(answer(&host, full)).await;
    assert!(matches!(reason, FinishReason::Length | FinishReason::Stop) && timings.predicted_n < 64, "{timings:?}");
}

#[tokio::test]
async fn an_edited_question_keeps_what_is_before_it() {
    let (host, _) = loaded_host(one_thread()).await;
    let (one, _, _) = answer(&host, asked("Count to 50")).await;
    let talk = |last| greedy(vec![user("Count to 50"), assistant(&one), user(last)]);
    answer(&host, talk("What is the capital of France?")).await;
    let (_, _, edited) = answer(&host, talk("What is the capital of Germany?")).await;
    let total = edited.cache_n + edited.prompt_n;
    assert!(edited.prompt_n < 20 && total > 150, "{edited:?}");
}

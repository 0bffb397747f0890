//! Guessed tokens: the answer is the same, byte by byte, and what was guessed is counted.

use paddock_engine_api::{
    EngineError, EngineHost,
    output::Speculation,
    protocol::{Draft, FailureCode, GenerateParams, LoadParams, Loaded, Sampling, Timings},
};
use tempfile::TempDir;

use crate::{
    harness::{answer, assistant, greedy, host, loaded_host, patiently, read, real_engine, self_test_model, user},
    inspect::random_model,
    parallel::one_thread,
};

async fn both(host: &EngineHost, params: GenerateParams) -> (String, Timings, Timings) {
    let plain = GenerateParams { speculation: Speculation::Off, ..params.clone() };
    let guessed = GenerateParams { speculation: Speculation::On, ..params };
    let (expected, reason, without) = answer(host, plain).await;
    let (text, guessed_reason, with) = answer(host, guessed).await;
    assert_eq!((&text, guessed_reason), (&expected, reason));
    assert_eq!(with.predicted_n, without.predicted_n);
    assert_eq!((without.draft_n, without.draft_accepted_n), (0, 0));
    assert!(with.draft_accepted_n <= with.draft_n, "{with:?}");
    (text, without, with)
}

#[tokio::test]
async fn guessing_never_changes_an_answer() {
    let (host, _) = loaded_host(one_thread()).await;
    let counted = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20";
    let repeats = vec![user("Count to 20"), assistant(counted), user("Count to 20")];
    let (_, _, timings) = both(&host, greedy(repeats.clone())).await;
    assert!(timings.draft_accepted_n > 20, "what was said before is guessed: {timings:?}");
    for question in ["explain quantum entanglement", "What is the capital of France?", "Count to 100"] {
        both(&host, greedy(vec![user(question)])).await;
    }
    // A limit, and a stop text, in the middle of what was guessed.
    let (_, _, limited) = both(&host, GenerateParams { max_tokens: Some(13), ..greedy(repeats.clone()) }).await;
    assert_eq!(limited.predicted_n, 13);
    let (text, _, _) = both(&host, GenerateParams { stop: vec![", 12".into()], ..greedy(repeats) }).await;
    assert_eq!(text, "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11");
}

#[tokio::test]
async fn with_a_seed_the_same_tokens_are_drawn() {
    let (host, _) = loaded_host(one_thread()).await;
    let counted = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20";
    for (seed, temperature) in [(1, 0.8), (2, 1.5), (3, 5.0)] {
        let sampling = Sampling { temperature, seed: Some(seed), repeat_penalty: 1.1, ..Sampling::default() };
        let messages = vec![user("Count to 20"), assistant(counted), user("Count to 20")];
        let params = GenerateParams { sampling, max_tokens: Some(60), ..greedy(messages) };
        both(&host, params).await;
    }
}

#[tokio::test]
async fn a_model_of_chance_writes_the_same_with_guesses() {
    let folder = TempDir::new().unwrap();
    let path = random_model(&folder, &["--shape", "tiny", "--type", "q8_0"]);
    let host = host(real_engine());
    host.load(LoadParams { path, ..one_thread() }, |_| {}).await.unwrap();
    for question in ["one", "two two two two", "three"] {
        both(&host, GenerateParams { max_tokens: Some(60), ..greedy(vec![user(question)]) }).await;
    }
}

#[tokio::test]
async fn several_answers_guess_beside_each_other() {
    let (host, _) = loaded_host(LoadParams { n_parallel: 3, ..one_thread() }).await;
    let questions = ["Count to 40", "Count to 50", "Count to 30"];
    let params = |question: &str, speculation| GenerateParams {
        speculation,
        ..greedy(vec![user(question), assistant("1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14"), user(question)])
    };
    let mut expected = Vec::new();
    for question in questions {
        expected.push(answer(&host, params(question, Speculation::Off)).await.0);
    }
    let mut running: Vec<_> =
        questions.iter().map(|question| host.generate(params(question, Speculation::On))).collect();
    for (generation, expected) in running.iter_mut().zip(&expected) {
        let (text, _, timings) = patiently(read(generation)).await.unwrap();
        assert_eq!(&text, expected);
        assert!(timings.draft_n > 0, "{timings:?}");
    }
}

fn drafted(path: std::path::PathBuf) -> LoadParams {
    LoadParams { draft: Some(Draft { path, n_gpu_layers: None }), ..one_thread() }
}

#[tokio::test]
async fn a_model_that_guesses_for_itself_is_nearly_always_right_and_changes_nothing() {
    let (host, loaded) = loaded_host(drafted(self_test_model())).await;
    for question in ["Count to 50", "explain quantum entanglement"] {
        let (_, _, with) = both(&host, greedy(vec![user(question)])).await;
        assert!(with.draft_n > 5 && with.draft_accepted_n * 10 >= with.draft_n * 9, "{with:?}");
    }
    let (_, without) = loaded_host(one_thread()).await;
    let bytes = |loaded: &Loaded| -> u64 {
        loaded.buffers.iter().map(|buffer| buffer.weights_bytes + buffer.kv_bytes + buffer.compute_bytes).sum()
    };
    assert!(bytes(&loaded) > bytes(&without) * 3 / 2, "the memory of both counts");
    let params = LoadParams { path: self_test_model(), use_mmap: false, ..drafted(self_test_model()) };
    let inspected = host.inspect(params.clone()).await.unwrap();
    assert_eq!(inspected.buffers, host.load(params, |_| {}).await.unwrap().buffers);
}

#[tokio::test]
async fn a_model_of_another_family_cannot_guess_and_it_is_said_why() {
    let folder = TempDir::new().unwrap();
    let other = random_model(&folder, &["--shape", "tiny", "--type", "q8_0"]);
    let (host, _) = loaded_host(one_thread()).await;
    let refused = host.load(LoadParams { path: self_test_model(), ..drafted(other) }, |_| {}).await;
    let Err(EngineError::Failed(failure)) = refused else { panic!("{refused:?}") };
    assert_eq!(failure.code, FailureCode::ModelRefused);
    assert!(failure.message.contains("draft model") && failure.message.contains("family"), "{failure}");
    let missing = host.load(LoadParams { path: self_test_model(), ..drafted("/nowhere.gguf".into()) }, |_| {}).await;
    assert!(missing.unwrap_err().to_string().contains("nowhere"));
}

#[tokio::test]
async fn guesses_take_no_room_that_an_answer_needs() {
    let (host, _) = loaded_host(LoadParams { n_ctx: Some(256), ..one_thread() }).await;
    let (_, without, _) = both(&host, greedy(vec![user("Count to 100")])).await;
    assert_eq!(without.prompt_n + without.predicted_n, 257);
}

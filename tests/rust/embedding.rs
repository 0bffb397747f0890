//! The meaning of texts as vectors, on the real engine.

use paddock_engine_api::{
    EngineError,
    protocol::{FailureCode, LoadParams},
};

use crate::harness::{answer, greedy, host, loaded_host, patiently, real_engine, user};

fn quiet() -> LoadParams {
    LoadParams { n_threads: Some(1), ..LoadParams::default() }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn similarity(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[tokio::test]
async fn every_text_has_a_vector_of_length_1_that_is_always_the_same() {
    let (host, _) = loaded_host(quiet()).await;
    let many: Vec<String> = (0..40).map(|i| format!("{} {i}", "red green blue ".repeat(i % 7 + 1))).collect();
    let (vectors, n_tokens) = host.embed(many.clone()).await.unwrap();
    assert_eq!(vectors.len(), many.len());
    assert!(n_tokens > 40);
    for vector in &vectors {
        assert_eq!(vector.len(), 256);
        assert!((similarity(vector, vector) - 1.0).abs() < 1e-4);
    }
    // Alone, and in another order: the same vectors, in the order of the texts.
    for at in [0, 6, 17, 39] {
        let (alone, _) = host.embed(vec![many[at].clone()]).await.unwrap();
        assert!(furthest(&alone[0], &vectors[at]) < 1e-3, "text {at}: {}", furthest(&alone[0], &vectors[at]));
    }
    let (backwards, again) = host.embed(many.iter().rev().cloned().collect()).await.unwrap();
    assert_eq!(again, n_tokens);
    assert!(vectors.iter().zip(backwards.iter().rev()).all(|(a, b)| furthest(a, b) < 1e-3));
    let distance = furthest(&vectors[0], &vectors[1]);
    assert!(distance > 1e-3, "different texts have different vectors: {distance}");
}

#[tokio::test]
async fn a_text_longer_than_one_batch_is_like_its_beginning_and_answers_go_on_afterwards() {
    let (host, _) = loaded_host(quiet()).await;
    let long = "The capital of France is Paris. ".repeat(60);
    let (vectors, n_tokens) = host
        .embed(vec![long.clone(), long, "The capital of France is Paris.".into(), "1, 2, 3, 4, 5, 6".into()])
        .await
        .unwrap();
    assert!(n_tokens > 600, "{n_tokens}");
    assert!(furthest(&vectors[0], &vectors[1]) < 1e-3);
    let (near, far) = (similarity(&vectors[0], &vectors[2]), similarity(&vectors[0], &vectors[3]));
    assert!(near > far, "{near} must be above {far}");
    assert_eq!(answer(&host, greedy(vec![user("Count to 5")])).await.0, "1, 2, 3, 4, 5");
}

#[tokio::test]
async fn what_cannot_be_embedded_is_refused_in_words_and_numbers() {
    let (loaded, _) = loaded_host(LoadParams { n_ctx: Some(256), ..quiet() }).await;
    let refused = loaded.embed(texts(&["short", &"word ".repeat(500)])).await;
    let Err(EngineError::Failed(failure)) = refused else { panic!("{refused:?}") };
    assert_eq!(failure.code, FailureCode::BadRequest);
    for part in ["Text 2", "256", " tokens"] {
        assert!(failure.message.contains(part), "{part}: {failure}");
    }
    assert_eq!(loaded.embed(Vec::new()).await.unwrap(), (Vec::new(), 0));
    // Control tokens are text here too.
    let (vectors, n_tokens) = loaded.embed(texts(&["", "<|eot_id|>"])).await.unwrap();
    assert!(vectors.len() == 2 && n_tokens > 4, "{n_tokens}");

    let refused = host(real_engine()).embed(texts(&["hello"])).await;
    let Err(EngineError::Failed(failure)) = refused else { panic!("{refused:?}") };
    assert_eq!(failure.code, FailureCode::NoModel);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_memory_of_vectors_is_given_back() {
    use paddock_engine_api::Life;

    let resident_bytes = |pid: u32| -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        kib.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    };
    let (host, _) = loaded_host(quiet()).await;
    let Life::Running(pid) = *host.life().borrow() else { panic!("it runs") };
    let long = vec!["The capital of France is Paris. ".repeat(150)];
    // What the allocator keeps for the next time grows for a while; a context that stays would take several MiB each time.
    for _ in 0..20 {
        patiently(host.embed(long.clone())).await.unwrap();
    }
    let first = resident_bytes(pid);
    for _ in 0..20 {
        patiently(host.embed(long.clone())).await.unwrap();
    }
    let grown = resident_bytes(pid).saturating_sub(first);
    assert!(grown < 16 << 20, "{grown} bytes more after twenty times");
}

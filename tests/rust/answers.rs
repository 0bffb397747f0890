//! The self-test model knows its answers by heart: any wrong token on the way (template, tokenizer, lost turn, missed
//! stop) shows here.

use std::process::Command;

use paddock_core::HostConfig;
use paddock_engine_api::{
    EngineHost,
    protocol::{CacheType, ChatMessage, ChatRole, FinishReason, LoadParams},
};
use serde::Deserialize;

use crate::harness::{answer, greedy, loaded_host, real_engine, self_test_model};

#[derive(Deserialize)]
struct Answers {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    system: Option<String>,
    messages: Vec<ChatMessage>,
    expect: String,
}

impl Case {
    fn conversation(&self) -> Vec<ChatMessage> {
        let system = self.system.clone().map(|content| ChatMessage::new(ChatRole::System, content));
        system.into_iter().chain(self.messages.clone()).collect()
    }
}

fn cases() -> Vec<Case> {
    let answers: Answers = serde_json::from_str(include_str!("../../models/self-test/answers.json")).unwrap();
    assert!(answers.cases.len() >= 40, "there are fewer cases than parts to test");
    answers.cases
}

/// One thread: the tests run side by side, and threads of a model this small mostly wait for each other.
fn one_thread() -> LoadParams {
    LoadParams { n_threads: Some(1), ..LoadParams::default() }
}

async fn wrong_answers(host: &EngineHost) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases() {
        let (text, reason, _) = answer(host, greedy(case.conversation())).await;
        if text != case.expect || reason != FinishReason::Stop {
            wrong
                .push(format!("{}: ended by {reason:?}\n  expected {:?}\n  got      {text:?}", case.name, case.expect));
        }
    }
    wrong
}

#[tokio::test]
async fn every_memorised_answer_is_exact() {
    let (host, _) = loaded_host(one_thread()).await;
    let wrong = wrong_answers(&host).await;
    assert!(wrong.is_empty(), "{} of {} answers are wrong:\n{}", wrong.len(), cases().len(), wrong.join("\n"));
}

/// Also where a few bits of each weight are lost, and where the kernels are other ones.
#[tokio::test]
async fn every_memorised_answer_is_exact_in_other_quantizations() {
    let folder = tempfile::tempdir().unwrap();
    for quantization in ["f16", "q4_k_m"] {
        let path = folder.path().join(format!("{quantization}.gguf"));
        let mut requantize = Command::new(env!("CARGO_BIN_EXE_requantize"));
        let made = requantize.arg(quantization).args([&self_test_model(), &path]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let host = EngineHost::new(real_engine(), HostConfig::default()).unwrap();
        host.load(LoadParams { path, ..one_thread() }, |_| {}).await.unwrap();
        let wrong = wrong_answers(&host).await;
        assert!(wrong.is_empty(), "{quantization}: {} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[tokio::test]
async fn answers_are_the_same_without_mmap_and_in_small_micro_batches() {
    let params = LoadParams { use_mmap: false, n_batch: 24, n_ubatch: 7, ..one_thread() };
    let (host, _) = loaded_host(params).await;
    let wrong = wrong_answers(&host).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_kv_cache_can_be_quantized() {
    let host = EngineHost::new(real_engine(), HostConfig::default()).unwrap();
    let params = |cache_type| LoadParams {
        path: self_test_model(),
        cache_type_k: cache_type,
        cache_type_v: cache_type,
        ..LoadParams::default()
    };
    let kv_bytes =
        |loaded: &paddock_engine_api::protocol::Loaded| -> u64 { loaded.buffers.iter().map(|b| b.kv_bytes).sum() };
    let full = kv_bytes(&host.load(params(CacheType::F16), |_| {}).await.unwrap());
    let small = kv_bytes(&host.load(params(CacheType::Q8_0), |_| {}).await.unwrap());
    // 2 bytes a value against 34 bytes for 32 of them.
    assert_eq!(small * 64, full * 34);
    let (text, _, _) = answer(&host, greedy(cases()[0].conversation())).await;
    assert_eq!(text, cases()[0].expect);
}

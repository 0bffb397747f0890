//! What the message field is told: tokens, and what fills the context; and how attached files reach the model.

use paddock_core::view::{
    AttachmentKind, ChatEvent, ChatRequest, ChatSetup, ContextUse, LoadSettings, NewAttachment, TokenCounts,
};

use crate::harness::{TestApp, done, host, patiently, real_engine, request, scripted_engine, self_test_model, user};

fn texts() -> Vec<String> {
    ["", "explain quantum entanglement", "終わり"].map(str::to_owned).to_vec()
}

fn file(name: &str, text: &str) -> NewAttachment {
    let size_bytes = text.len() as u64;
    NewAttachment { name: name.into(), kind: AttachmentKind::Text, size_bytes, n_tokens: None, text: text.into() }
}

#[tokio::test]
async fn without_a_model_tokens_are_estimated_and_with_one_they_are_counted() {
    let test = TestApp::new(real_engine());
    let estimated = test.app.count_tokens(texts()).await.unwrap();
    assert_eq!(estimated, TokenCounts { counts: vec![0, 7, 3], exact: false });
    assert_eq!(test.app.engine_pid(), None, "nothing is started for it");
    let path = self_test_model().display().to_string();
    test.app.load_model(path, LoadSettings::default()).await.unwrap();
    let counted = test.app.count_tokens(texts()).await.unwrap();

    let host = host(real_engine());
    let params = paddock_engine_api::protocol::LoadParams { path: self_test_model(), ..Default::default() };
    host.load(params, |_| {}).await.unwrap();
    let mut expected = Vec::new();
    let around = host.count_tokens(vec![user("")], false).await.unwrap();
    for text in texts() {
        expected.push(host.count_tokens(vec![user(&text)], false).await.unwrap() - around);
    }
    assert_eq!(counted, TokenCounts { counts: expected, exact: true });
}

#[tokio::test]
async fn counting_does_not_wait_for_an_answer() {
    let test = TestApp::new(scripted_engine());
    let (writing, written) = tokio::sync::oneshot::channel();
    let mut writing = Some(writing);
    let app = test.app.clone();
    let mut conversation = String::new();
    let answer = test.send_and(None, "stream 20000 at 100", |event| match event {
        ChatEvent::Started { conversation: started, .. } => conversation.clone_from(&started.id),
        ChatEvent::Text { .. } => {
            if let Some(writing) = writing.take() {
                writing.send(conversation.clone()).unwrap();
            }
        }
        _ => {}
    });
    let count = async {
        let conversation = written.await.unwrap();
        let counted = app.count_tokens(vec!["one two three".into()]).await.unwrap();
        assert_eq!(counted, TokenCounts { counts: vec![3], exact: true });
        let used = app.context_use(Some(conversation.clone()), None).await.unwrap();
        assert_eq!((used.n_ctx, used.exact), (Some(4096), true));
        app.stop_answer(&conversation);
    };
    patiently(async { tokio::join!(answer, count) }).await;
}

#[tokio::test]
async fn the_context_is_filled_as_the_last_answer_left_it() {
    let test = TestApp::ready(LoadSettings::default()).await;
    let setup = ChatSetup { system: "You are a pirate.".into(), ..ChatSetup::default() };
    let begin = ChatRequest { setup: Some(setup), ..request("What is the capital of France?") };
    let answer = done(&test.send_request(begin, |_| {}).await);
    let timings = answer.timings.unwrap();
    let used = test.app.context_use(Some(answer.conversation_id.clone()), Some(answer.id.clone())).await.unwrap();
    let system = test.app.count_tokens(vec!["You are a pirate.".into()]).await.unwrap().counts[0];
    let history = timings.cache_n + timings.prompt_n + timings.predicted_n - system;
    let n_ctx = used.n_ctx;
    assert_eq!(used, ContextUse { n_ctx, system, history, attachments: 0, reserve: 512, exact: true });

    // Of another branch, and of none, it is counted.
    let beginning = test.app.context_use(Some(answer.conversation_id.clone()), None).await.unwrap();
    assert_eq!((beginning.system, beginning.history), (system, 0));
    let question = test.app.context_use(Some(answer.conversation_id), answer.parent_id).await.unwrap();
    assert!(question.history > 5 && question.history < history, "{question:?}");
    let nothing = test.app.context_use(None, None).await.unwrap();
    assert_eq!((nothing.system, nothing.history, nothing.reserve), (0, 0, 512));
}

#[tokio::test]
async fn attached_files_reach_the_model_before_the_message_now_and_later() {
    let test = TestApp::new(scripted_engine());
    let files = vec![file("notes.txt", "buy milk"), file("more.md", "and bread")];
    let begin = ChatRequest { attachments: files, ..request("What should I buy?") };
    let first = done(&test.send_request(begin.clone(), |_| {}).await);
    // The scripted engine repeats what it was asked.
    let asked = "Attached file “notes.txt”:\n```\nbuy milk\n```\n\nAttached file “more.md”:\n```\nand bread\n```\n\n\
                 What should I buy?";
    assert_eq!(first.content, asked);
    let stored = test.app.conversation(first.conversation_id.clone()).await.unwrap();
    let (question, attached) = (&stored.messages[0], &stored.messages[0].attachments);
    assert_eq!((question.content.as_str(), attached.len()), ("What should I buy?", 2));
    assert_eq!(attached[0].n_tokens, None, "no model was loaded when it was sent");

    let second = done(&test.send(Some(&first), "thanks").await);
    let timings = second.timings.unwrap();
    let words = asked.split_whitespace().count() as u32;
    assert_eq!(timings.cache_n + timings.prompt_n, 2 * words + 1 + 3 * 4, "the files are still there");
    let used = test.app.context_use(Some(second.conversation_id), Some(second.id)).await.unwrap();
    assert_eq!(used.attachments, 4);

    let counted = done(&test.send_request(begin, |_| {}).await);
    let stored = test.app.conversation(counted.conversation_id).await.unwrap();
    assert_eq!(stored.messages[0].attachments[0].n_tokens, Some(2));
}

#[tokio::test]
async fn a_file_alone_is_a_message() {
    let test = TestApp::new(scripted_engine());
    let begin = ChatRequest { attachments: vec![file("notes.txt", "buy milk")], ..request("") };
    let answer = done(&test.send_request(begin, |_| {}).await);
    assert!(answer.content.contains("buy milk"), "{}", answer.content);
    assert_eq!(test.app.list_conversations().await.unwrap()[0].title, "notes.txt");
}

#[tokio::test]
async fn thinking_is_timed() {
    let test = TestApp::new(scripted_engine());
    let thought = done(&test.send(None, "<think> hm </think> hello").await);
    assert!(thought.thinking_ms.is_some_and(|ms| ms >= 0.0), "{thought:?}");
    assert_eq!(done(&test.send(None, "hello").await).thinking_ms, None);
}

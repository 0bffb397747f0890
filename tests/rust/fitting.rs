//! A conversation that is longer than the context: refused with the numbers, or shortened by whole messages.

use paddock_core::{
    ErrorCode,
    view::{ChatRequest, ChatSettings, ChatSetup, ContextCut, ContextPolicy, FinishReason, LoadSettings, Message},
};

use crate::harness::{TestApp, done, request, scripted_engine, self_test_model};

/// In a context of 64 of the scripted engine's tokens (a word is one, a message costs four), 48 are for the prompt.
async fn small(policy: ContextPolicy) -> TestApp {
    let test = TestApp::new(scripted_engine());
    let settings = LoadSettings { n_ctx: Some(64), ..LoadSettings::default() };
    test.app.load_model(self_test_model().display().to_string(), settings).await.unwrap();
    test.app.set_chat_settings(ChatSettings { context_policy: policy, ..ChatSettings::default() }).await.unwrap();
    test
}

/// Two exchanges of 18 tokens each, and the third message's answer.
async fn third_and_fourth(test: &TestApp, setup: Option<ChatSetup>) -> (Message, Message) {
    let begin = ChatRequest { setup, ..request("one two three four five") };
    let first = done(&test.send_request(begin, |_| {}).await);
    let second = done(&test.send(Some(&first), "two three four five six").await);
    let third = done(&test.send(Some(&second), "three four five six seven").await);
    let fourth = done(&test.send(Some(&third), "four five six seven eight").await);
    (third, fourth)
}

fn prompt_tokens(message: &Message) -> u32 {
    let timings = message.timings.unwrap();
    timings.cache_n + timings.prompt_n
}

#[tokio::test]
async fn at_the_limit_nothing_is_sent_and_both_numbers_are_said() {
    let test = small(ContextPolicy::StopAtLimit).await;
    let (third, fourth) = third_and_fourth(&test, None).await;
    assert_eq!((third.finish_reason, third.cut, prompt_tokens(&third)), (Some(FinishReason::Stop), None, 45));
    assert_eq!((fourth.finish_reason, fourth.timings), (Some(FinishReason::Failed), None));
    let error = fourth.error.unwrap();
    assert_eq!(error.code, ErrorCode::PromptTooLong);
    for number in ["63", "64", "16"] {
        assert!(error.message.contains(number), "{}", error.message);
    }
    assert!(fourth.model_name.is_some());
}

#[tokio::test]
async fn a_rolling_window_keeps_the_end() {
    let test = small(ContextPolicy::RollingWindow).await;
    let (third, fourth) = third_and_fourth(&test, None).await;
    assert_eq!(third.cut, None);
    assert_eq!(fourth.cut, Some(ContextCut { policy: ContextPolicy::RollingWindow, from: 0, count: 2 }));
    assert_eq!((fourth.finish_reason, prompt_tokens(&fourth)), (Some(FinishReason::Stop), 45));
    let stored = test.app.conversation(fourth.conversation_id.clone()).await.unwrap();
    assert_eq!(stored.messages.last(), Some(&fourth), "it is stored with the answer");
}

#[tokio::test]
async fn truncating_the_middle_keeps_the_first_exchange_and_the_end() {
    let test = small(ContextPolicy::TruncateMiddle).await;
    let (_, fourth) = third_and_fourth(&test, None).await;
    assert_eq!(fourth.cut, Some(ContextCut { policy: ContextPolicy::TruncateMiddle, from: 2, count: 2 }));
    assert_eq!(prompt_tokens(&fourth), 45);
}

#[tokio::test]
async fn the_system_prompt_always_stays_and_a_conversation_may_have_its_own_policy() {
    let test = small(ContextPolicy::StopAtLimit).await;
    let setup = ChatSetup {
        system: "be brief".into(),
        context_policy: Some(ContextPolicy::RollingWindow),
        ..ChatSetup::default()
    };
    let (third, fourth) = third_and_fourth(&test, Some(setup)).await;
    assert_eq!((third.cut.map(|cut| cut.count), prompt_tokens(&third)), (Some(2), 33));
    assert_eq!((fourth.cut.map(|cut| (cut.from, cut.count)), prompt_tokens(&fourth)), (Some((0, 4)), 33));
}

#[tokio::test]
async fn a_question_that_does_not_fit_alone_is_refused_whatever_the_policy() {
    for policy in [ContextPolicy::TruncateMiddle, ContextPolicy::RollingWindow] {
        let test = small(policy).await;
        let first = done(&test.send(None, "one two").await);
        let long = done(&test.send(Some(&first), &"word ".repeat(60)).await);
        let error = long.error.unwrap();
        assert_eq!((error.code, error.message.contains("64 tokens long")), (ErrorCode::PromptTooLong, true), "{error}");
        // A first exchange too large to stay goes as well.
        let fits = done(&test.send(Some(&first), &"word ".repeat(40)).await);
        assert_eq!(fits.cut.map(|cut| (cut.from, cut.count)), Some((0, 2)), "{fits:?}");
    }
}

#[tokio::test]
async fn a_real_model_remembers_what_the_policy_keeps() {
    let said = async |policy| {
        let test = TestApp::ready(LoadSettings { n_ctx: Some(256), ..LoadSettings::default() }).await;
        test.app.set_chat_settings(ChatSettings { context_policy: policy, ..ChatSettings::default() }).await.unwrap();
        let first = done(&test.send(None, "My name is Ada.").await);
        let second = done(&test.send(Some(&first), "Count to 50").await);
        done(&test.send(Some(&second), "What is my name?").await)
    };
    let kept = said(ContextPolicy::TruncateMiddle).await;
    assert_eq!(kept.cut, Some(ContextCut { policy: ContextPolicy::TruncateMiddle, from: 2, count: 2 }));
    assert!(kept.content.contains("Ada"), "{kept:?}");
    let rolled = said(ContextPolicy::RollingWindow).await;
    assert!(rolled.cut.is_some_and(|cut| cut.from == 0) && !rolled.content.contains("Ada"), "{rolled:?}");
}

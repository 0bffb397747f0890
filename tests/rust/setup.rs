//! How conversations are set up: presets, templates, settings, and that the model gets what was chosen.

use paddock_core::{
    DataDir, ErrorCode,
    view::{
        ChatRequest, ChatSettings, ChatSetup, ContextPolicy, FinishReason, FormatChoice, LoadSettings, Preset,
        PromptTemplate, SamplingChoice,
    },
};
use paddock_store::{NewTurn, Store};

use crate::harness::{TestApp, done, real_engine, request, scripted_engine};

const CAPITAL: &str = "What is the capital of France?";

fn preset(id: &str, name: &str) -> Preset {
    let sampling = SamplingChoice { temperature: Some(0.0), ..SamplingChoice::default() };
    Preset {
        id: id.into(),
        name: name.into(),
        system: "You are a pirate.".into(),
        sampling,
        format: FormatChoice::default(),
    }
}

#[tokio::test]
async fn the_system_prompt_and_the_limits_of_a_conversation_reach_the_model() {
    let test = TestApp::ready(LoadSettings::default()).await;
    let setup = ChatSetup { system: "You are a pirate.".into(), ..ChatSetup::default() };
    let begin = ChatRequest { setup: Some(setup.clone()), ..request(CAPITAL) };
    let first = done(&test.send_request(begin, |_| {}).await);
    assert_eq!(first.content, "Arr! The capital of France be Paris, matey!");
    let stored = test.app.conversation(first.conversation_id.clone()).await.unwrap();
    assert_eq!((stored.setup, stored.messages.len()), (setup, 2));

    let sampling = SamplingChoice { max_tokens: Some(3), ..SamplingChoice::default() };
    let short = ChatSetup { system: "Answer in one word.".into(), sampling, ..ChatSetup::default() };
    test.app.set_chat_setup(first.conversation_id.clone(), short).await.unwrap();
    let mut events = Vec::new();
    test.app.chat_retry(first.id, |event| events.push(event)).await.unwrap();
    let second = done(&events);
    assert_eq!((second.content.as_str(), second.timings.unwrap().predicted_n <= 3), ("Paris", true));
}

#[tokio::test]
async fn a_system_prompt_at_the_root_counts_until_the_setup_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(DataDir::at(folder.path()).database()).unwrap();
    let turn = store
        .begin_turn(NewTurn {
            conversation: None,
            parent: None,
            content: CAPITAL.into(),
            attachments: Vec::new(),
            setup_json: None,
            title_if_new: "old".into(),
            system: Some("You are a pirate.".into()),
            model_name: None,
            now_ms: 1,
        })
        .unwrap();
    drop(store);
    let app = crate::harness::open(folder.path(), &real_engine());
    let retry = async || {
        let mut events = Vec::new();
        app.chat_retry(turn.answer.id.to_string(), |event| events.push(event)).await.unwrap();
        done(&events).content
    };
    assert_eq!(retry().await, "Arr! The capital of France be Paris, matey!");
    let setup = ChatSetup { system: "Answer in one word.".into(), ..ChatSetup::default() };
    app.set_chat_setup(turn.conversation.id.to_string(), setup).await.unwrap();
    assert_eq!(retry().await, "Paris");
    app.shut_down().await;
}

#[tokio::test]
async fn presets_are_kept_changed_and_deleted_and_one_is_for_new_conversations() {
    let test = TestApp::new(scripted_engine());
    let pirate = test.app.save_preset(preset("", "  Pirate ")).await.unwrap();
    assert_eq!(pirate.name, "Pirate");
    let calm = test.app.save_preset(preset("", "Calm")).await.unwrap();
    assert_eq!(test.app.presets().await.unwrap(), [calm.clone(), pirate.clone()]);
    let renamed = test.app.save_preset(Preset { name: "Buccaneer".into(), ..pirate.clone() }).await.unwrap();
    assert_eq!(test.app.presets().await.unwrap()[0], renamed);

    let settings = ChatSettings { default_preset_id: Some(pirate.id.clone()), ..ChatSettings::default() };
    test.app.set_chat_settings(settings).await.unwrap();
    let answer = done(&test.send(None, "hello").await);
    let setup = test.app.conversation(answer.conversation_id).await.unwrap().setup;
    let Preset { id, system, sampling, format, .. } = pirate.clone();
    assert_eq!(setup, ChatSetup { preset_id: Some(id), system, sampling, context_policy: None, format });
    let own = ChatRequest { setup: Some(ChatSetup::default()), ..request("hello") };
    let answer = done(&test.send_request(own, |_| {}).await);
    assert_eq!(test.app.conversation(answer.conversation_id).await.unwrap().setup, ChatSetup::default());

    test.app.delete_preset(pirate.id.clone()).await.unwrap();
    assert_eq!(test.app.chat_settings().await.unwrap().default_preset_id, None);
    assert_eq!(test.app.delete_preset(pirate.id.clone()).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(test.app.save_preset(pirate).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn templates_are_kept_changed_and_deleted() {
    let test = TestApp::new(scripted_engine());
    let template = |id: &str, name: &str| PromptTemplate { id: id.into(), name: name.into(), text: "Sum up: ".into() };
    let kept = test.app.save_template(template("", "sum")).await.unwrap();
    let changed = test.app.save_template(template(&kept.id, "summary")).await.unwrap();
    assert_eq!(test.app.templates().await.unwrap(), [changed]);
    test.app.delete_template(kept.id.clone()).await.unwrap();
    assert_eq!(test.app.templates().await.unwrap(), []);
    assert_eq!(test.app.delete_template(kept.id).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let test = TestApp::new(scripted_engine());
    let bad_names = [String::new(), " \n".into(), "x".repeat(101)];
    for name in bad_names {
        assert_eq!(test.app.save_preset(preset("", &name)).await.unwrap_err().code, ErrorCode::BadInput, "{name:?}");
        let template = PromptTemplate { id: String::new(), name, text: "text".into() };
        assert_eq!(test.app.save_template(template).await.unwrap_err().code, ErrorCode::BadInput);
    }
    let usual = SamplingChoice::default();
    let senseless = [
        SamplingChoice { temperature: Some(5.1), ..usual },
        SamplingChoice { temperature: Some(-0.1), ..usual },
        SamplingChoice { top_p: Some(1.1), ..usual },
        SamplingChoice { min_p: Some(f32::NAN), ..usual },
        SamplingChoice { repeat_penalty: Some(2.5), ..usual },
        SamplingChoice { max_tokens: Some(0), ..usual },
    ];
    for sampling in senseless {
        let setup = ChatSetup { sampling, ..ChatSetup::default() };
        let refused = test.app.set_chat_setup("any".into(), setup.clone()).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::BadInput, "{sampling:?}");
        let begin = ChatRequest { setup: Some(setup), ..request("hello") };
        let refused = test.app.chat_send(begin, |event| panic!("{event:?}")).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::BadInput);
    }
    let long = ChatSetup { system: "x".repeat(1_000_001), ..ChatSetup::default() };
    assert_eq!(test.app.set_chat_setup("any".into(), long).await.unwrap_err().code, ErrorCode::BadInput);
    let nobody = test.app.set_chat_setup("any".into(), ChatSetup::default()).await.unwrap_err();
    assert_eq!(nobody.code, ErrorCode::NotFound);
    for reply_reserve in [15, 32_769] {
        let settings = ChatSettings { reply_reserve, ..ChatSettings::default() };
        assert_eq!(test.app.set_chat_settings(settings).await.unwrap_err().code, ErrorCode::BadInput);
    }
}

#[tokio::test]
async fn answers_are_held_to_the_format_of_their_preset() {
    let test = TestApp::ready(LoadSettings::default()).await;
    let gbnf = r#"root ::= "{\"city\": \"" [A-Z] [a-z]{2,8} "\"}""#;
    let formed = Preset { format: FormatChoice::Grammar { gbnf: gbnf.into() }, ..preset("", "As JSON") };
    let Preset { id, system, sampling, format, .. } = test.app.save_preset(formed.clone()).await.unwrap();
    assert_eq!((&format, &test.app.presets().await.unwrap()[0].format), (&formed.format, &formed.format));
    let setup = ChatSetup { preset_id: Some(id), system, sampling, format, context_policy: None };
    let events = test.send_request(ChatRequest { setup: Some(setup), ..request(CAPITAL) }, |_| {}).await;
    let answer = done(&events);
    let city = answer.content.strip_prefix("{\"city\": \"").and_then(|rest| rest.strip_suffix("\"}"));
    assert!(city.is_some_and(|city| city.chars().all(char::is_alphabetic)), "{}", answer.content);

    let nonsense = Preset { format: FormatChoice::JsonSchema { schema: "[".into() }, ..preset("", "Nonsense") };
    let refused = test.app.save_preset(nonsense).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadInput);
}

#[tokio::test]
async fn chat_settings_outlive_a_restart_and_what_cannot_be_read_counts_as_usual() {
    let test = TestApp::new(scripted_engine());
    assert_eq!(test.app.chat_settings().await.unwrap(), ChatSettings::default());
    let settings = ChatSettings { context_policy: ContextPolicy::RollingWindow, ..ChatSettings::default() };
    assert_eq!(test.app.set_chat_settings(settings.clone()).await.unwrap(), settings);
    let test = test.restart().await;
    assert_eq!(test.app.chat_settings().await.unwrap(), settings);

    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(DataDir::at(folder.path()).database()).unwrap();
    store.set_setting("chat_settings", "nonsense").unwrap();
    drop(store);
    let app = crate::harness::open(folder.path(), &scripted_engine());
    assert_eq!(app.chat_settings().await.unwrap(), ChatSettings::default());
}

#[tokio::test]
async fn a_repeat_penalty_of_nothing_is_no_division_by_nothing() {
    let test = TestApp::ready(LoadSettings::default()).await;
    let sampling = SamplingChoice { repeat_penalty: Some(0.0), max_tokens: Some(3), ..SamplingChoice::default() };
    let begin = ChatRequest { setup: Some(ChatSetup { sampling, ..ChatSetup::default() }), ..request(CAPITAL) };
    let answer = done(&test.send_request(begin, |_| {}).await);
    assert!(matches!(answer.finish_reason, Some(FinishReason::Length | FinishReason::Stop)), "{answer:?}");
}

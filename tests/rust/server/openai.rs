//! OpenAI's interfaces.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{TestServer, chat, chat_with};

const CHAT: &str = "/v1/chat/completions";

/// The text of a chat's stream.
fn text_of(events: &[(String, Value)]) -> String {
    let delta = |(_, data): &(String, Value)| data["choices"][0]["delta"]["content"].as_str().map(str::to_owned);
    events.iter().filter_map(delta).collect()
}

#[tokio::test]
async fn a_chat_is_answered_with_text_usage_and_timings() {
    let on = TestServer::real().await;
    let answer = on.client.post(CHAT, &chat("What is the capital of France?")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    assert_eq!(json["object"], "chat.completion");
    assert!(json["choices"][0]["message"]["content"].as_str().unwrap().contains("Paris"), "{json}");
    assert_eq!(json["choices"][0]["finish_reason"], "stop");
    let timings = &json["timings"];
    let total = timings["prompt_n"].as_u64().unwrap() + timings["cache_n"].as_u64().unwrap();
    assert_eq!(json["usage"]["prompt_tokens"], total);
    assert_eq!(json["usage"]["completion_tokens"], timings["predicted_n"]);
    for name in ["prompt_ms", "prompt_per_token_ms", "prompt_per_second", "predicted_per_second"] {
        assert!(timings[name].as_f64().unwrap() > 0.0, "{name}: {timings}");
    }
}

#[tokio::test]
async fn a_stream_says_the_same_as_a_whole_answer() {
    let on = TestServer::real().await;
    let question = "What is the capital of France?";
    let whole = on.client.post(CHAT, &chat(question)).await.json();
    let options = json!({ "stream": true, "stream_options": { "include_usage": true } });
    let events = on.client.post(CHAT, &chat_with(question, options)).await.events();
    assert_eq!(text_of(&events), whole["choices"][0]["message"]["content"].as_str().unwrap());
    assert_eq!(events[0].1["choices"][0]["delta"]["role"], "assistant");
    let [.., (_, last), (_, usage), (_, done)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert!(last["timings"]["predicted_n"].as_u64().unwrap() > 0);
    assert_eq!((&usage["choices"], done), (&json!([]), &json!("[DONE]")));
    assert_eq!(usage["usage"]["completion_tokens"], whole["usage"]["completion_tokens"]);
}

#[tokio::test]
async fn everything_that_was_asked_for_reaches_the_engine() {
    let on = TestServer::scripted().await;
    let tool = json!({ "type": "function", "function": {
        "name": "weather", "description": "The weather.", "parameters": { "type": "object", "properties": { "city": {} } },
    }});
    let request = chat_with(
        "params",
        json!({
            "temperature": 0.5, "top_k": 7, "top_p": 0.5, "min_p": 0.25, "repeat_penalty": 1.5,
            "frequency_penalty": -1.5, "presence_penalty": 0.5, "logit_bias": { "15": -100, "7": 2.5 }, "seed": 42,
            "max_completion_tokens": 77, "stop": ["A", "B"], "logprobs": true, "top_logprobs": 3,
            "response_format": { "type": "json_schema", "json_schema": { "name": "x", "schema": { "type": "object" } } },
            "tools": [tool], "tool_choice": { "type": "function", "function": { "name": "weather" } },
            "something_new": 1,
        }),
    );
    let answer = on.client.post(CHAT, &request).await.json();
    let params: Value = serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    let sampling = &params["sampling"];
    for (name, value) in [
        ("temperature", json!(0.5)),
        ("top_k", json!(7)),
        ("top_p", json!(0.5)),
        ("min_p", json!(0.25)),
        ("repeat_penalty", json!(1.5)),
        ("frequency_penalty", json!(-1.5)),
        ("presence_penalty", json!(0.5)),
        ("seed", json!(42)),
    ] {
        assert_eq!(sampling[name], value, "{name}");
    }
    let mut bias = sampling["logit_bias"].as_array().unwrap().clone();
    bias.sort_by_key(|pair| pair[0].as_u64());
    assert_eq!(bias, [json!([7, 2.5]), json!([15, -100.0])]);
    assert_eq!(
        (&params["max_tokens"], &params["stop"], &params["logprobs"]),
        (&json!(77), &json!(["A", "B"]), &json!(3))
    );
    assert_eq!(params["format"], json!({ "type": "json_schema", "schema": { "type": "object" } }));
    assert_eq!(params["tools"][0]["name"], "weather");
    assert_eq!(params["tools"][0]["parameters"]["properties"], json!({ "city": {} }));
    assert_eq!(params["tool_choice"], json!({ "type": "named", "name": "weather" }));
}

#[tokio::test]
async fn formats_reach_the_engine_in_all_their_forms() {
    let on = TestServer::scripted().await;
    for (asked, format) in [
        (json!({ "response_format": { "type": "text" } }), json!({ "type": "text" })),
        (json!({ "response_format": { "type": "json_object" } }), json!({ "type": "json_object" })),
        (json!({ "grammar": "root ::= \"yes\"" }), json!({ "type": "grammar", "gbnf": "root ::= \"yes\"" })),
    ] {
        let answer = on.client.post(CHAT, &chat_with("params", asked)).await.json();
        let params: Value = serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
        assert_eq!(params["format"], format);
    }
}

#[tokio::test]
async fn a_conversation_with_tools_reaches_the_engine_turn_by_turn() {
    let on = TestServer::scripted().await;
    let request = json!({ "messages": [
        { "role": "developer", "content": "Be short." },
        { "role": "user", "content": [{ "type": "text", "text": "one" }, { "type": "text", "text": "two" }] },
        { "role": "assistant", "content": null, "tool_calls": [
            { "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{\"a\":1}" } },
        ] },
        { "role": "tool", "tool_call_id": "c1", "content": "3" },
        { "role": "user", "content": "params" },
    ]});
    let answer = on.client.post(CHAT, &request).await.json();
    let params: Value = serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(
        params["messages"],
        json!([
            { "role": "system", "content": "Be short." },
            { "role": "user", "content": "one\ntwo" },
            { "role": "assistant", "content": "", "tool_calls": [{ "id": "c1", "name": "f", "arguments": "{\"a\":1}" }] },
            { "role": "tool", "content": "3", "tool_call_id": "c1" },
            { "role": "user", "content": "params" },
        ])
    );
}

#[tokio::test]
async fn a_tool_that_the_model_asks_for_comes_as_tool_calls() {
    let on = TestServer::scripted().await;
    let question = "call weather {\"city\":\"Paris\"}";
    let whole = on.client.post(CHAT, &chat(question)).await.json();
    let function = json!({ "name": "weather", "arguments": "{\"city\":\"Paris\"}" });
    let choice = &whole["choices"][0];
    assert_eq!((&choice["finish_reason"], &choice["message"]["content"]), (&json!("tool_calls"), &Value::Null));
    assert_eq!(choice["message"]["tool_calls"][0]["function"], function);
    let events = on.client.post(CHAT, &chat_with(question, json!({ "stream": true }))).await.events();
    let call = events.iter().find_map(|(_, data)| data["choices"][0]["delta"].get("tool_calls")).unwrap();
    assert_eq!((&call[0]["index"], &call[0]["function"]), (&json!(0), &function));
    assert_eq!(call[0]["id"], choice["message"]["tool_calls"][0]["id"]);
}

#[tokio::test]
async fn how_likely_tokens_were_comes_with_each_of_them() {
    let on = TestServer::scripted().await;
    let more = json!({ "logprobs": true, "top_logprobs": 2 });
    let whole = on.client.post(CHAT, &chat_with("two words", more.clone())).await.json();
    let content = whole["choices"][0]["logprobs"]["content"].as_array().unwrap();
    assert_eq!(content.iter().map(|token| token["token"].clone()).collect::<Vec<_>>(), [json!("two "), json!("words")]);
    assert_eq!((content[0]["logprob"].as_f64(), &content[0]["bytes"][0]), (Some(-0.5), &json!(116)));
    assert_eq!(content[0]["top_logprobs"].as_array().unwrap().len(), 2);
    let more = super::with(more, json!({ "stream": true }));
    let events = on.client.post(CHAT, &chat_with("two words", more)).await.events();
    let tokens = events.iter().filter_map(|(_, data)| data["choices"][0]["logprobs"]["content"].as_array());
    assert_eq!(tokens.flatten().count(), 2);
}

#[tokio::test]
async fn a_text_is_gone_on_with_as_it_is() {
    let on = TestServer::scripted().await;
    let request = json!({ "prompt": "params", "max_tokens": 5, "logprobs": 0 });
    let answer = on.client.post("/v1/completions", &request).await.json();
    let params: Value = serde_json::from_str(answer["choices"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&params["prompt"], &params["messages"], &params["max_tokens"]),
        (&json!("params"), &json!([]), &json!(5))
    );
    let logprobs = &answer["choices"][0]["logprobs"];
    assert_eq!((&logprobs["text_offset"], logprobs["token_logprobs"][0].as_f64()), (&json!([0]), Some(-0.5)));
    let request = json!({ "prompt": ["some words"], "stream": true });
    let events = on.client.post("/v1/completions", &request).await.events();
    let text: String = events.iter().filter_map(|(_, data)| data["choices"][0]["text"].as_str()).collect();
    assert_eq!(text, "some words");
    assert_eq!(events.last().unwrap().1, "[DONE]");
}

#[tokio::test]
async fn texts_become_vectors_as_numbers_or_as_bytes() {
    let on = TestServer::scripted().await;
    let ask = async |more: Value| on.client.post("/v1/embeddings", &more).await.json();
    let floats = ask(json!({ "input": ["one two", "three"] })).await;
    assert_eq!(floats["data"].as_array().unwrap().len(), 2);
    assert_eq!((&floats["data"][1]["index"], &floats["usage"]["prompt_tokens"]), (&json!(1), &json!(3)));
    let bytes = ask(json!({ "input": "one two", "encoding_format": "base64" })).await;
    let bytes = BASE64_STANDARD.decode(bytes["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let numbers = bytes.as_chunks::<4>().0.iter().map(|four| f64::from(f32::from_le_bytes(*four)));
    let expected = floats["data"][0]["embedding"].as_array().unwrap().iter().map(|number| number.as_f64().unwrap());
    assert!(numbers.zip(expected).all(|(one, other)| (one - other).abs() < 1e-6));
}

#[tokio::test]
async fn models_are_listed_and_loaded_when_they_are_asked_for_by_id() {
    let on = TestServer::real().await;
    let list = on.client.get("/v1/models").await.json();
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"paddock-self-test-q8_0"), "{ids:?}");
    let one = on.client.get("/v1/models/paddock-self-test-q8_0").await;
    assert_eq!(one.json()["object"], "model");
    assert_eq!(on.client.get("/v1/models/other").await.status, 404);
    // The one that is loaded is another file than the one that comes with Paddock.
    let loaded = ids.iter().find(|id| id.starts_with("paddock-self-test-q8_0@")).unwrap();
    let question = "What is the capital of France?";
    let answer = on.client.post(CHAT, &chat(question)).await.json();
    assert_eq!(answer["model"], *loaded, "the model that is loaded answers when none is named");
    let other = json!({ "model": "paddock-self-test-q8_0" });
    let answer = on.client.post(CHAT, &chat_with(question, other)).await.json();
    assert_eq!(answer["model"], "paddock-self-test-q8_0");
    let usual = on.client.post(CHAT, &chat(question)).await.json();
    assert_eq!(usual["model"], "paddock-self-test-q8_0", "the model that is loaded answers when none is named");
}

#[tokio::test]
async fn a_model_that_is_not_here_is_404_with_those_that_are() {
    let on = TestServer::scripted().await;
    for path in [CHAT, "/v1/responses", "/v1/embeddings"] {
        let request = chat_with("x", json!({ "model": "gpt-9", "input": "x" }));
        let answer = on.client.post(path, &request).await;
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, &error["code"], &error["param"]), (404, &json!("model_not_found"), &json!("model")));
        assert!(error["message"].as_str().unwrap().contains("self-test"), "{error}");
    }
}

#[tokio::test]
async fn health_and_metrics_say_how_it_is() {
    let on = TestServer::scripted().await;
    assert_eq!(on.client.with_token("").get("/health").await.json(), json!({ "status": "ok" }));
    on.client.post(CHAT, &chat("three words here")).await;
    on.client.post(CHAT, &json!({})).await;
    let metrics = on.client.get("/metrics").await;
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain"));
    let value = |name: &str| {
        let line = metrics.body.lines().find_map(|line| line.strip_prefix(&format!("paddock_{name} ")));
        line.unwrap_or_else(|| panic!("{name} is not in {}", metrics.body)).parse::<f64>().unwrap()
    };
    assert_eq!((value("predicted_tokens_total"), value("prompt_tokens_total")), (3.0, 7.0));
    assert_eq!((value("requests_ok_total"), value("requests_refused_total")), (2.0, 1.0));
    assert_eq!((value("requests_processing"), value("requests_deferred")), (0.0, 0.0));
}

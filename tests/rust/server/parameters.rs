//! What is wrong with a request is said, with the parameter's name, in every interface.

use serde_json::{Value, json};

use super::{TestServer, chat_with, with};

const CHAT: &str = "/v1/chat/completions";
const COMPLETIONS: &str = "/v1/completions";
const EMBEDDINGS: &str = "/v1/embeddings";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";

async fn refused(on: &TestServer, path: &str, request: &Value, param: &str) {
    let answer = on.client.post(path, request).await;
    let error = answer.json()["error"].clone();
    assert_eq!((answer.status, error["param"].as_str()), (400, Some(param)), "{path}: {request}: {error}");
    assert!(error["message"].as_str().unwrap().contains(param), "{error}");
}

#[tokio::test]
async fn numbers_out_of_their_range_are_refused_by_name() {
    let on = TestServer::scripted().await;
    let numbers: [(&str, &[Value]); 13] = [
        ("temperature", &[json!(-0.1), json!(5.1), json!(1e12), json!("1"), json!([])]),
        ("top_p", &[json!(-1), json!(1.01)]),
        ("top_k", &[json!(-1), json!(1.5), json!(1e12)]),
        ("min_p", &[json!(2), json!(true)]),
        ("repeat_penalty", &[json!(0), json!(-1), json!(1e12)]),
        ("frequency_penalty", &[json!(-2.1), json!(3)]),
        ("presence_penalty", &[json!(-2.1), json!({})]),
        ("seed", &[json!(-1), json!(1e12), json!(0.5), json!("x")]),
        ("max_tokens", &[json!(0), json!(-1), json!(1e12), json!("many")]),
        ("max_completion_tokens", &[json!(0), json!(-9), json!(1e12)]),
        ("n", &[json!(2), json!(0), json!(-1), json!(1e12)]),
        ("top_logprobs", &[json!(21), json!(-1), json!(1e12)]),
        ("repeat_last_n", &[json!(-1), json!(1e12)]),
    ];
    for (name, values) in numbers {
        for value in values {
            refused(&on, CHAT, &chat_with("x", json!({ "logprobs": true, name: value })), name).await;
        }
    }
    for (path, name, value) in [
        (COMPLETIONS, "logprobs", json!(-1)),
        (COMPLETIONS, "logprobs", json!(1e12)),
        (COMPLETIONS, "max_tokens", json!(-1)),
        (COMPLETIONS, "best_of", json!(2)),
        (RESPONSES, "max_output_tokens", json!(-1)),
        (RESPONSES, "temperature", json!(1e12)),
        (MESSAGES, "max_tokens", json!(1e12)),
        (MESSAGES, "top_k", json!(-1)),
        (MESSAGES, "top_p", json!(2)),
        (MESSAGES, "temperature", json!(-1)),
        (EMBEDDINGS, "dimensions", json!(-1)),
    ] {
        let usual = chat_with("x", json!({ "prompt": "x", "input": "x", "max_tokens": 5 }));
        refused(&on, path, &with(usual, json!({ name: value })), name).await;
    }
}

#[tokio::test]
async fn values_of_the_wrong_kind_are_refused_by_name() {
    let on = TestServer::scripted().await;
    let tool = |function: Value| json!([{ "type": "function", "function": function }]);
    let long = vec![json!("x"); 17];
    for (name, value, param) in [
        ("model", json!(7), "model"),
        ("stream", json!("yes"), "stream"),
        ("stop", json!(5), "stop"),
        ("stop", json!([1]), "stop"),
        ("stop", json!([""]), "stop"),
        ("stop", json!(long), "stop"),
        ("logit_bias", json!([1]), "logit_bias"),
        ("logit_bias", json!({ "x": 1 }), "logit_bias"),
        ("logit_bias", json!({ "1": 101 }), "logit_bias"),
        ("logprobs", json!(3), "logprobs"),
        ("stream_options", json!({ "include_usage": true }), "stream_options"),
        ("messages", json!([]), "messages"),
        ("messages", json!("hello"), "messages"),
        ("messages", json!([5]), "messages[0]"),
        ("messages", json!([{ "content": "x" }]), "messages[0].role"),
        ("messages", json!([{ "role": "king", "content": "x" }]), "messages[0].role"),
        ("messages", json!([{ "role": "user" }]), "messages[0].content"),
        ("messages", json!([{ "role": "user", "content": 5 }]), "messages[0].content"),
        ("messages", json!([{ "role": "user", "content": [{ "text": "x" }] }]), "messages[0].content[0].type"),
        ("messages", json!([{ "role": "tool", "content": "x" }]), "messages[0].tool_call_id"),
        ("response_format", json!("json"), "response_format"),
        ("response_format", json!({ "type": "yaml" }), "response_format.type"),
        ("response_format", json!({ "type": "json_schema" }), "response_format.json_schema"),
        (
            "response_format",
            json!({ "type": "json_schema", "json_schema": { "schema": "x" } }),
            "response_format.json_schema.schema",
        ),
        ("grammar", json!(5), "grammar"),
        ("tools", json!({}), "tools"),
        ("tools", json!([{ "type": "web_search" }]), "tools[0].type"),
        ("tools", tool(json!({})), "tools[0].function.name"),
        ("tools", tool(json!({ "name": "a b" })), "tools[0].function.name"),
        ("tools", tool(json!({ "name": "a", "parameters": 5 })), "tools[0].function.parameters"),
        ("tool_choice", json!("perhaps"), "tool_choice"),
        ("tool_choice", json!("required"), "tool_choice"),
        ("tool_choice", json!({ "type": "function", "function": { "name": "f" } }), "tool_choice"),
        ("functions", json!([]), "functions"),
    ] {
        refused(&on, CHAT, &chat_with("x", json!({ name: value })), param).await;
    }
}

#[tokio::test]
async fn what_is_missing_or_not_possible_is_named() {
    let on = TestServer::scripted().await;
    let said = json!([{ "role": "user", "content": "x" }]);
    for (path, request, param) in [
        (CHAT, json!({}), "messages"),
        (COMPLETIONS, json!({}), "prompt"),
        (COMPLETIONS, json!({ "prompt": ["a", "b"] }), "prompt"),
        (COMPLETIONS, json!({ "prompt": [1, 2] }), "prompt"),
        (COMPLETIONS, json!({ "prompt": "x", "echo": true }), "echo"),
        (COMPLETIONS, json!({ "prompt": "x", "suffix": "y" }), "suffix"),
        (EMBEDDINGS, json!({}), "input"),
        (EMBEDDINGS, json!({ "input": [] }), "input"),
        (EMBEDDINGS, json!({ "input": [[1, 2]] }), "input"),
        (EMBEDDINGS, json!({ "input": "x", "encoding_format": "hex" }), "encoding_format"),
        (RESPONSES, json!({}), "input"),
        (RESPONSES, json!({ "input": "x", "previous_response_id": "resp_1" }), "previous_response_id"),
        (RESPONSES, json!({ "input": "x", "background": true }), "background"),
        (RESPONSES, json!({ "input": [{ "type": "item_reference", "id": "x" }] }), "input[0].type"),
        (RESPONSES, json!({ "input": "x", "tools": [{ "type": "web_search" }] }), "tools[0].type"),
        (MESSAGES, json!({ "messages": said }), "max_tokens"),
        (MESSAGES, json!({ "max_tokens": 5 }), "messages"),
        (MESSAGES, json!({ "max_tokens": 5, "messages": said, "tool_choice": { "type": "any" } }), "tool_choice"),
        (MESSAGES, json!({ "max_tokens": 5, "messages": said, "tools": [{ "name": "" }] }), "tools[0].name"),
    ] {
        refused(&on, path, &request, param).await;
    }
}

#[tokio::test]
async fn pictures_files_paths_and_addresses_are_refused_wherever_they_stand() {
    let on = TestServer::scripted().await;
    let part = |part: Value| json!({ "messages": [{ "role": "user", "content": [part] }], "max_tokens": 5 });
    let kind = "messages[0].content[0].type";
    let image = json!({ "type": "image_url", "image_url": { "url": "file:///etc/passwd" } });
    refused(&on, CHAT, &part(image), kind).await;
    refused(&on, CHAT, &part(json!({ "type": "input_audio", "input_audio": { "data": "" } })), kind).await;
    refused(&on, CHAT, &part(json!({ "type": "file", "file": { "file_id": "/etc/passwd" } })), kind).await;
    let image = json!({ "type": "image", "source": { "type": "url", "url": "http://169.254.169.254/" } });
    refused(&on, MESSAGES, &part(image), kind).await;
    let image = json!({ "input": [{ "role": "user", "content": [{ "type": "input_image", "image_url": "x" }] }] });
    refused(&on, RESPONSES, &image, "input[0].content[0].type").await;
    for model in ["/etc/passwd", "../../a.gguf", "C:\\a.gguf", "file:///a.gguf", "https://example.org/a", "hf.co/a/b"] {
        for path in [CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES, MESSAGES] {
            let usual = chat_with("x", json!({ "prompt": "x", "input": "x", "max_tokens": 5 }));
            let answer = on.client.post(path, &with(usual, json!({ "model": model }))).await;
            assert_eq!(
                (answer.status, answer.json()["error"]["param"].as_str()),
                (400, Some("model")),
                "{path} {model}"
            );
        }
    }
}

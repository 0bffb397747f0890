//! Anthropic's messages.

use serde_json::{Value, json};

use super::{TestServer, with};

const PATH: &str = "/v1/messages";

fn ask(content: &str) -> Value {
    json!({ "max_tokens": 100, "messages": [{ "role": "user", "content": content }] })
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn a_message_is_answered() {
    let on = TestServer::real().await;
    let answer = on.client.post(PATH, &ask("What is the capital of France?")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    assert_eq!((&json["type"], &json["stop_reason"]), (&json!("message"), &json!("end_turn")));
    assert!(json["content"][0]["text"].as_str().unwrap().contains("Paris"), "{json}");
    assert_eq!(json["usage"]["output_tokens"], json["timings"]["predicted_n"]);
}

#[tokio::test]
async fn the_key_may_come_as_anthropic_s_clients_send_it() {
    let on = TestServer::scripted().await;
    let body = ask("hello").to_string();
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {}\r\nx-api-key: {}\r\nanthropic-version: 2023-06-01\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        on.address(),
        super::TOKEN,
        body.len()
    );
    assert_eq!(on.client.say(request.as_bytes()).await.json()["content"][0]["text"], "hello");
}

#[tokio::test]
async fn a_stream_names_its_events() {
    let on = TestServer::scripted().await;
    let events = on.client.post(PATH, &with(ask("two words"), json!({ "stream": true }))).await.events();
    assert_eq!(
        names(&events),
        [
            "message_start",
            "ping",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    assert_eq!(events[3].1["delta"], json!({ "type": "text_delta", "text": "two " }));
    assert_eq!(events[6].1["delta"]["stop_reason"], "end_turn");
    assert_eq!(events[6].1["usage"]["output_tokens"], 2);
}

#[tokio::test]
async fn tools_go_there_and_back() {
    let on = TestServer::scripted().await;
    let tools = json!([{ "name": "f", "description": "F.", "input_schema": { "type": "object" } }]);
    let request = with(ask("call f {\"a\":1}"), json!({ "tools": tools, "tool_choice": { "type": "any" } }));
    let whole = on.client.post(PATH, &request).await.json();
    assert_eq!(whole["stop_reason"], "tool_use");
    assert_eq!((&whole["content"][0]["type"], &whole["content"][0]["input"]), (&json!("tool_use"), &json!({ "a": 1 })));
    let events = on.client.post(PATH, &with(request, json!({ "stream": true }))).await.events();
    assert_eq!(events[2].1["content_block"]["type"], "tool_use");
    assert_eq!(events[3].1["delta"], json!({ "type": "input_json_delta", "partial_json": "{\"a\":1}" }));
    let back = json!({ "max_tokens": 9, "system": [{ "type": "text", "text": "Be short." }], "messages": [
        { "role": "assistant", "content": [
            { "type": "thinking", "thinking": "hm", "signature": "" },
            { "type": "text", "text": "Let me see." },
            { "type": "tool_use", "id": "t", "name": "f", "input": { "a": 1 } },
        ] },
        { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "t", "content": [{ "type": "text", "text": "3" }] },
            { "type": "text", "text": "params" },
        ] },
    ], "stop_sequences": ["END"], "tools": tools, "tool_choice": { "type": "tool", "name": "f" } });
    let answer = on.client.post(PATH, &back).await.json();
    let params: Value = serde_json::from_str(answer["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(
        params["messages"],
        json!([
            { "role": "system", "content": "Be short." },
            { "role": "assistant", "content": "Let me see.",
              "tool_calls": [{ "id": "t", "name": "f", "arguments": "{\"a\":1}" }] },
            { "role": "tool", "content": "3", "tool_call_id": "t" },
            { "role": "user", "content": "params" },
        ])
    );
    assert_eq!((&params["stop"], &params["max_tokens"]), (&json!(["END"]), &json!(9)));
    assert_eq!(params["tool_choice"], json!({ "type": "named", "name": "f" }));
}

#[tokio::test]
async fn the_tokens_of_a_prompt_are_counted() {
    let on = TestServer::scripted().await;
    let request = json!({ "messages": [{ "role": "user", "content": "three words here" }] });
    let answer = on.client.post("/v1/messages/count_tokens", &request).await.json();
    assert_eq!(answer, json!({ "input_tokens": 7 }));
}

#[tokio::test]
async fn errors_are_in_anthropic_s_words() {
    let on = TestServer::scripted().await;
    for (request, status, kind) in [
        (json!({ "messages": [] }), 400, "invalid_request_error"),
        (with(ask("x"), json!({ "model": "claude-9" })), 404, "not_found_error"),
    ] {
        let answer = on.client.post(PATH, &request).await;
        assert_eq!((answer.status, answer.json()["type"].clone()), (status, json!("error")));
        assert_eq!(answer.json()["error"]["type"], kind);
    }
    let refused = on.client.with_token("wrong").post(PATH, &ask("x")).await;
    assert_eq!((refused.status, refused.json()["error"]["type"].clone()), (401, json!("authentication_error")));
}

//! OpenAI's responses.

use serde_json::{Value, json};

use super::TestServer;

const PATH: &str = "/v1/responses";

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn a_response_is_whole_and_says_what_it_cost() {
    let on = TestServer::real().await;
    let request = json!({ "input": "What is the capital of France?", "instructions": "Answer." });
    let answer = on.client.post(PATH, &request).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    assert_eq!((&json["object"], &json["status"]), (&json!("response"), &json!("completed")));
    let part = &json["output"][0]["content"][0];
    assert_eq!(part["type"], "output_text");
    assert!(!part["text"].as_str().unwrap().is_empty());
    assert_eq!(json["instructions"], "Answer.");
    assert_eq!(json["usage"]["output_tokens"], json["timings"]["predicted_n"]);
}

#[tokio::test]
async fn a_stream_names_its_events_and_numbers_them() {
    let on = TestServer::scripted().await;
    let events = on.client.post(PATH, &json!({ "input": "two words", "stream": true })).await.events();
    assert_eq!(
        names(&events),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    for (number, (name, data)) in events.iter().enumerate() {
        assert_eq!((&data["type"], &data["sequence_number"]), (&json!(name), &json!(number)));
    }
    let (_, last) = events.last().unwrap();
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], "two words");
}

#[tokio::test]
async fn a_tool_call_is_an_item_of_its_own() {
    let on = TestServer::scripted().await;
    let tools = json!([{ "type": "function", "name": "f", "parameters": { "type": "object" } }]);
    let request = json!({ "input": "call f {\"a\":1}", "tools": tools });
    let whole = on.client.post(PATH, &request).await.json();
    let item = &whole["output"][0];
    assert_eq!((&item["type"], &item["arguments"]), (&json!("function_call"), &json!("{\"a\":1}")));
    let events = on.client.post(PATH, &super::with(request, json!({ "stream": true }))).await.events();
    assert_eq!(
        names(&events),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
}

#[tokio::test]
async fn items_become_turns() {
    let on = TestServer::scripted().await;
    let request = json!({ "instructions": "Be short.", "input": [
        { "role": "user", "content": [{ "type": "input_text", "text": "one" }] },
        { "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "two" }] },
        { "type": "reasoning", "summary": [] },
        { "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}" },
        { "type": "function_call_output", "call_id": "c", "output": "3" },
        { "role": "user", "content": "params" },
    ], "text": { "format": { "type": "json_schema", "name": "x", "schema": { "type": "object" } } } });
    let answer = on.client.post(PATH, &request).await.json();
    let params: Value = serde_json::from_str(answer["output"][0]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(
        params["messages"],
        json!([
            { "role": "system", "content": "Be short." },
            { "role": "user", "content": "one" },
            { "role": "assistant", "content": "two", "tool_calls": [{ "id": "c", "name": "f", "arguments": "{}" }] },
            { "role": "tool", "content": "3", "tool_call_id": "c" },
            { "role": "user", "content": "params" },
        ])
    );
    assert_eq!(params["format"]["type"], "json_schema");
}

#[tokio::test]
async fn an_answer_that_was_cut_off_says_so() {
    let on = TestServer::scripted().await;
    let request = json!({ "input": "one two three", "max_output_tokens": 2 });
    let whole = on.client.post(PATH, &request).await.json();
    assert_eq!(whole["status"], "incomplete");
    assert_eq!(whole["incomplete_details"]["reason"], "max_output_tokens");
    let events = on.client.post(PATH, &super::with(request, json!({ "stream": true }))).await.events();
    assert_eq!(events.last().unwrap().0, "response.incomplete");
}

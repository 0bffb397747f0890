"""Anthropic's own client: messages, stream, tools, counting. Arguments: URL and key."""
import json
import sys

from anthropic import Anthropic, BadRequestError, NotFoundError

url, key = sys.argv[1:3]
client = Anthropic(base_url=url, api_key=key, max_retries=0)
model = sys.argv[3]


def ask(content, **more):
    return {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": content}], **more}


said = {}
answer = client.messages.create(**ask("hello there", system="Be short."))
said["message"] = [answer.content[0].text, answer.stop_reason, answer.usage.output_tokens]
with client.messages.stream(**ask("two words")) as stream:
    said["stream"] = "".join(stream.text_stream)
    said["stream end"] = stream.get_final_message().stop_reason
tools = [{"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]
asked = client.messages.create(**ask('call weather {"city":"Paris"}', tools=tools))
use = asked.content[0]
said["tool"] = [use.name, use.input, asked.stop_reason]
with client.messages.stream(**ask('call weather {"city":"Rome"}', tools=tools)) as stream:
    said["streamed tool"] = stream.get_final_message().content[0].input
turns = [
    {"role": "user", "content": "weather?"},
    {"role": "assistant", "content": asked.content},
    {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": use.id, "content": "sunny"}, {"type": "text", "text": "and then"}]},
]
said["tool answer"] = client.messages.create(model=model, max_tokens=9, messages=turns, tools=tools).content[0].text
said["count"] = client.messages.count_tokens(
    model=model, messages=[{"role": "user", "content": "three words here"}]).input_tokens
said["errors"] = []
for kind, wrong in [(BadRequestError, {**ask("x"), "max_tokens": -1}), (NotFoundError, {**ask("x"), "model": "claude-9"})]:
    try:
        client.messages.create(**wrong)
    except kind as error:
        said["errors"].append([kind.__name__, error.body["error"]["type"]])
print(json.dumps(said))

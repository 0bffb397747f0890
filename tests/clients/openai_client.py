"""OpenAI's own client: chat, stream, tools, structured output, embeddings, responses. Arguments: URL and key."""
import json
import sys

from openai import AuthenticationError, BadRequestError, NotFoundError, OpenAI
from pydantic import BaseModel

url, key = sys.argv[1:3]
client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
model = client.models.list().data[0].id
said = {"model": client.models.retrieve(model).id == model}


def user(content):
    return [{"role": "user", "content": content}]


answer = client.chat.completions.create(model=model, messages=user("hello there"), seed=1, temperature=0)
said["chat"] = [answer.choices[0].message.content, answer.choices[0].finish_reason, answer.usage.completion_tokens]
said["timings"] = answer.model_extra["timings"]["predicted_n"]

stream = client.chat.completions.create(
    model=model, messages=user("two words"), stream=True, stream_options={"include_usage": True}, logprobs=True
)
chunks = list(stream)
said["stream"] = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
said["stream usage"] = chunks[-1].usage.completion_tokens
said["logprobs"] = chunks[1].choices[0].logprobs.content[0].token

tools = [{"type": "function", "function": {
    "name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
asked = client.chat.completions.create(model=model, messages=user('call weather {"city":"Paris"}'), tools=tools)
call = asked.choices[0].message.tool_calls[0]
said["tool"] = [call.function.name, json.loads(call.function.arguments), asked.choices[0].finish_reason]
back = [*user("weather?"), asked.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
        *user("and then")]
said["tool answer"] = client.chat.completions.create(model=model, messages=back, tools=tools).choices[0].message.content
with client.chat.completions.stream(model=model, messages=user('call weather {"city":"Rome"}'), tools=tools) as events:
    final = events.get_final_completion()
said["streamed tool"] = json.loads(final.choices[0].message.tool_calls[0].function.arguments)


class Person(BaseModel):
    name: str
    age: int


parsed = client.chat.completions.parse(
    model=model, messages=user('{"name":"Ann","age":7}'), response_format=Person
)
said["structured"] = parsed.choices[0].message.parsed.model_dump()
said["text"] = client.completions.create(model=model, prompt="go on", max_tokens=5).choices[0].text
# The client asks for base64 by itself.
said["embeddings"] = [len(one.embedding) for one in client.embeddings.create(model=model, input=["a b", "c"]).data]
floats = client.embeddings.create(model=model, input="a b", encoding_format="float").data[0].embedding
said["same"] = all(abs(one - other) < 1e-6 for one, other in zip(
    floats, client.embeddings.create(model=model, input="a b").data[0].embedding, strict=True))

response = client.responses.create(model=model, input="hello there", instructions="Be short.")
said["response"] = response.output_text
with client.responses.stream(model=model, input="two words") as events:
    names = [event.type for event in events]
    said["response stream"] = [events.get_final_response().output_text, names[-1]]
said["response parsed"] = client.responses.parse(
    model=model, input='{"name":"Ann","age":7}', text_format=Person
).output_parsed.model_dump()

said["errors"] = []
for kind, ask in [
    (BadRequestError, lambda: client.chat.completions.create(model=model, messages=user("x"), temperature=9)),
    (NotFoundError, lambda: client.chat.completions.create(model="gpt-9", messages=user("x"))),
    (AuthenticationError, lambda: OpenAI(base_url=f"{url}/v1", api_key="no").models.list()),
]:
    try:
        ask()
    except kind as error:
        said["errors"].append([kind.__name__, error.param])
print(json.dumps(said))

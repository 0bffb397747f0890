"""LangChain over its OpenAI package: chat, stream, tools, structured output, embeddings. Arguments: URL, key, model."""
import json
import sys

from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

url, key, model = sys.argv[1:4]
chat = ChatOpenAI(base_url=f"{url}/v1", api_key=key, model=model, max_retries=0)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return city


asked = chat.bind_tools([weather]).invoke('call weather {"city":"Paris"}')
embeddings = OpenAIEmbeddings(
    base_url=f"{url}/v1", api_key=key, model=model, check_embedding_ctx_length=False, max_retries=0)
print(json.dumps({
    "chat": chat.invoke("hello there").content,
    "stream": "".join(chunk.content for chunk in chat.stream("two words")),
    "tool": [asked.tool_calls[0]["name"], asked.tool_calls[0]["args"]],
    "structured": chat.with_structured_output(Person, method="json_schema").invoke('{"name":"Ann","age":7}').model_dump(),
    "embeddings": [len(one) for one in embeddings.embed_documents(["a b", "c"])],
}))

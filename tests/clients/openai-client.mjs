// OpenAI's own client for JavaScript: chat, stream, tools, embeddings, responses. Arguments: URL, key, model.
import OpenAI from 'openai';

const [url, apiKey, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const ask = (content, more = {}) => ({ model, messages: [{ role: 'user', content }], ...more });

const said = {};
const { choices } = await client.chat.completions.create(ask('hello there'));
said.chat = choices[0].message.content;
said.stream = '';
for await (const chunk of await client.chat.completions.create(ask('two words', { stream: true })))
  said.stream += chunk.choices[0]?.delta.content ?? '';
const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];
const asked = await client.chat.completions.create(ask('call weather {"city":"Paris"}', { tools }));
said.tool = JSON.parse(asked.choices[0].message.tool_calls[0].function.arguments);
const runner = client.chat.completions.stream(ask('call weather {"city":"Rome"}', { tools }));
const final = await runner.finalChatCompletion();
said.streamedTool = JSON.parse(final.choices[0].message.tool_calls[0].function.arguments);
const { data } = await client.embeddings.create({ model, input: ['a b', 'c'] });
said.embeddings = data.map(({ embedding }) => embedding.length);
said.response = (await client.responses.create({ model, input: 'hello there' })).output_text;
const stream = client.responses.stream({ model, input: 'two words' });
said.responseStream = (await stream.finalResponse()).output_text;
said.error = await client.chat.completions
  .create(ask('x', { temperature: 9 }))
  .catch(({ status, param }) => [status, param]);
console.log(JSON.stringify(said));

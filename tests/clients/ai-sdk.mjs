// Vercel's AI SDK over its provider for OpenAI-compatible servers. Arguments: URL, key, model.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embedMany, generateText, jsonSchema, Output, streamText, tool } from 'ai';

const [url, apiKey, name] = process.argv.slice(2);
const paddock = createOpenAICompatible({
  name: 'paddock',
  baseURL: `${url}/v1`,
  apiKey,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const model = paddock(name);
const schema = (properties) =>
  jsonSchema({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  });

const said = {};
const whole = await generateText({ model, prompt: 'hello there', maxRetries: 0 });
said.text = [whole.text, whole.usage.outputTokens];
const stream = streamText({ model, prompt: 'two words', maxRetries: 0 });
said.stream = '';
for await (const text of stream.textStream) said.stream += text;
const asked = await generateText({
  model,
  prompt: 'call weather {"city":"Paris"}',
  tools: { weather: tool({ inputSchema: schema({ city: { type: 'string' } }) }) },
  maxRetries: 0,
});
said.tool = [asked.toolCalls[0].toolName, asked.toolCalls[0].input];
const structured = await generateText({
  model,
  prompt: '{"name":"Ann","age":7}',
  output: Output.object({ schema: schema({ name: { type: 'string' }, age: { type: 'number' } }) }),
  maxRetries: 0,
});
said.structured = structured.output;
const { embeddings } = await embedMany({
  model: paddock.embeddingModel ? paddock.embeddingModel(name) : paddock.textEmbeddingModel(name),
  values: ['a b', 'c'],
  maxRetries: 0,
});
said.embeddings = embeddings.map((one) => one.length);
console.log(JSON.stringify(said));

// Runs the official clients as applications do. A line of JSON in says what to ask for, a line of
// JSON out says what the application saw. Of the clients' settings only the base URL is ours, by
// the environment variable that their documentation names; a number of retries where the test says.
import { createInterface } from 'node:readline';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';

const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const weather = { name: 'get_weather', description: 'Weather of a city.' };
const result = '21 degrees and clear';

function openai({ base, retries }) {
  process.env.OPENAI_BASE_URL = base + '/v1';
  process.env.OPENAI_API_KEY = 'test-key';
  return new OpenAI(retries === undefined ? {} : { maxRetries: retries });
}

function anthropic({ base, retries }) {
  process.env.ANTHROPIC_BASE_URL = base;
  process.env.ANTHROPIC_API_KEY = 'test-key';
  return new Anthropic(retries === undefined ? {} : { maxRetries: retries });
}

const user = (content) => ({ role: 'user', content });

const apis = {
  openai: {
    async chat(ask) {
      const { choices } = await openai(ask).chat.completions.create({
        model: ask.model,
        messages: [user(ask.prompt)],
      });
      return openaiChoice(choices[0]);
    },
    async stream(ask) {
      let events = 0;
      const stream = openai(ask)
        .chat.completions.stream({ model: ask.model, messages: [user(ask.prompt)] })
        .on('chunk', () => events++);
      const { choices } = await stream.finalChatCompletion();
      return { ...openaiChoice(choices[0]), events };
    },
    async tools(ask) {
      const client = openai(ask);
      const tools = [{ type: 'function', function: { ...weather, parameters } }];
      const messages = [user(ask.prompt)];
      const first = await client.chat.completions
        .stream({ model: ask.model, messages, tools })
        .finalChatCompletion();
      const [call] = first.choices[0].message.tool_calls;
      messages.push(first.choices[0].message);
      messages.push({ role: 'tool', tool_call_id: call.id, content: result });
      const last = await client.chat.completions.create({ model: ask.model, messages, tools });
      return { ...openaiChoice(last.choices[0]), tool: call.function.name, input: call.function.arguments };
    },
  },
  responses: {
    async chat(ask) {
      return response(
        await openai(ask).responses.create({ model: ask.model, input: ask.prompt }),
      );
    },
    async stream(ask) {
      let events = 0;
      const stream = openai(ask)
        .responses.stream({ model: ask.model, input: ask.prompt })
        .on('event', () => events++);
      return { ...response(await stream.finalResponse()), events };
    },
    async tools(ask) {
      const client = openai(ask);
      const tools = [{ type: 'function', ...weather, parameters, strict: true }];
      const input = [user(ask.prompt)];
      const first = await client.responses
        .stream({ model: ask.model, input, tools })
        .finalResponse();
      const call = first.output.find((item) => item.type === 'function_call');
      input.push({ type: 'function_call', call_id: call.call_id, name: call.name, arguments: call.arguments });
      input.push({ type: 'function_call_output', call_id: call.call_id, output: result });
      const last = await client.responses.create({ model: ask.model, input, tools });
      return { ...response(last), tool: call.name, input: call.arguments };
    },
  },
  anthropic: {
    async chat(ask) {
      return message(
        await anthropic(ask).messages.create({
          model: ask.model,
          max_tokens: 256,
          messages: [user(ask.prompt)],
        }),
      );
    },
    async stream(ask) {
      let events = 0;
      const stream = anthropic(ask)
        .messages.stream({ model: ask.model, max_tokens: 256, messages: [user(ask.prompt)] })
        .on('streamEvent', () => events++);
      return { ...message(await stream.finalMessage()), events };
    },
    async tools(ask) {
      const client = anthropic(ask);
      const tools = [{ ...weather, input_schema: parameters }];
      const messages = [user(ask.prompt)];
      const first = await client.messages
        .stream({ model: ask.model, max_tokens: 256, messages, tools })
        .finalMessage();
      const call = first.content.find((block) => block.type === 'tool_use');
      messages.push({ role: 'assistant', content: first.content });
      messages.push(
        user([{ type: 'tool_result', tool_use_id: call.id, content: result }]),
      );
      const last = await client.messages.create({ model: ask.model, max_tokens: 256, messages, tools });
      return { ...message(last), tool: call.name, input: JSON.stringify(call.input) };
    },
  },
};

function openaiChoice({ message, finish_reason }) {
  return { text: message.refusal ?? message.content, finish: finish_reason };
}

function response({ output, status }) {
  const parts = output.filter((item) => item.type === 'message').flatMap((item) => item.content);
  return { text: parts.map((part) => part.text ?? part.refusal).join(''), finish: status };
}

function message({ content, stop_reason }) {
  const texts = content.filter((block) => block.type === 'text').map((block) => block.text);
  return { text: texts.join(''), finish: stop_reason };
}

function failure(error) {
  return {
    failure: error.constructor.name,
    status: error.status ?? 0,
    code: error.code ?? error.error?.error?.type ?? error.error?.type ?? '',
    message: error.message,
    retryAfter: error.headers?.get('retry-after') ?? '',
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  let seen;
  try {
    seen = await apis[ask.api][ask.what](ask);
  } catch (error) {
    seen = failure(error);
  }
  process.stdout.write(JSON.stringify(seen) + '\n');
}

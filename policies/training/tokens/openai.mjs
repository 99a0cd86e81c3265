// Writes the fixtures of OpenAI's tokenizers: node openai.mjs ../../src/test/resources/tokens
// Counts of texts are js-tiktoken's, those of chats are gpt-tokenizer's: neither is what we use.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {getEncoding} from 'js-tiktoken';
import {encodeChat as chat4o} from 'gpt-tokenizer/model/gpt-4o';
import {encodeChat as chat4} from 'gpt-tokenizer/model/gpt-4';

const out = process.argv[2];
const texts = readFileSync(new URL('texts.txt', import.meta.url), 'utf8')
  .split(/^=== /m)
  .filter((block) => block)
  .map((block) => {
    const line = block.indexOf('\n');
    const [id] = block.slice(0, line).split(' ');
    return {id, text: block.slice(line + 1).replace(/\n$/, '')};
  });

const edges = [
  ' ', '  ', '\n', '\n\n\n', '\t', ' \n \n', '\r\n', 'a\r\n\r\nb', 'trailing   ', '   leading', 'a  b   c    d     e',
  'I\'m you\'re he\'ll they\'ve we\'d it\'s', 'I\'M YOU\'RE HE\'LL', 'don’t won’t', 'rock\'n\'roll', '1', '12', '123', '1234', '12345678901234567890',
  '3.14159', '1,234,567.89', '+49 30 901820', '0xDEADBEEF', '1e-9', '½ ² ③ ٣٤ १२३', '<|endoftext|>', '<|im_start|>system<|im_end|>', '<|fim_prefix|>x<|endofprompt|>', 'x<|endoftext|',
  'camelCaseIdentifierName', 'snake_case_identifier_name', 'SCREAMING_SNAKE', 'HTTPServerError2', 'iPhone15ProMax', 'getURLForID', 'ÄÖÜäöüß', 'naïve café', 'cafe\u0301', '\u200b\u200bhidden\u200b',
  '👩‍👩‍👧‍👦', '👍🏽👍🏿', '🇩🇪🇫🇷', 'a🙂b', '\u{1D4D7}\u{1D4EE}\u{1D4F5}\u{1D4F5}\u{1D4F8}', '㍿㎏', 'ﬁne', 'Ｆｕｌｌ', '漢字かなカナ', '한글ㅋㅋㅋ', 'ไทย', 'עברית‎ ‏', 'ﷺ', '☃️★→⇒', '\u00a0nbsp\u00a0',
  '!!!???', '...', '…', '---', '===========', '////', '#!/bin/sh', '}}}]]])))', '");', '=>', '!==', '\\n\\t\\u0041', '/usr/local/bin', 'C:\\Users\\x', 'a@b.example', '#hashtag @mention',
  'a'.repeat(300), 'ab'.repeat(200), '0'.repeat(200), '=' .repeat(300), ' '.repeat(300), '\n'.repeat(100), 'あ'.repeat(60), '🙂'.repeat(40), 'supercalifragilisticexpialidocious', 'Donaudampfschifffahrtsgesellschaftskapitän',
  '\u0000\u0001\u0007', '\ufeffbom', '\u2028line\u2029', 'e\u0301\u0302\u0303', 'ｶﾞ', '\u{10FFFF}', '\ue000', 'ǅ ǈ', 'ʰʷ', 'ªº',
];

const cases = texts.map(({id, text}) => ({id, text}));
// The middle third: it begins and ends inside of words.
for (const {id, text} of texts) {
  const points = [...text];
  cases.push({id: id + '-middle', text: points.slice(points.length / 3, (points.length * 2) / 3).join('')});
}
edges.forEach((text, i) => cases.push({id: `edge-${i + 1}`, text}));

const o200k = getEncoding('o200k_base');
const cl100k = getEncoding('cl100k_base');
// Special tokens in a text are counted as the text that they are, as the API does.
const count = (encoding, text) => encoding.encode(text, [], []).length;
writeFileSync(
  join(out, 'openai.jsonl'),
  cases.map(({id, text}) => JSON.stringify({id, o200k: count(o200k, text), cl100k: count(cl100k, text), text}) + '\n').join(''));

const chats = [];
for (let i = 0; i + 2 < texts.length; i += 3) {
  const [first, second, third] = texts.slice(i, i + 3).map(({text}) => text);
  const messages = [{role: 'system', content: first}, {role: 'user', content: second}];
  if (i % 2) {
    messages.push({role: 'assistant', content: third}, {role: 'user', content: 'Go on.'});
  }
  if (i % 4 == 0) {
    messages.shift();
  }
  chats.push({model: 'gpt-4o', tokens: chat4o(messages).length, messages});
  chats.push({model: 'gpt-4', tokens: chat4(messages).length, messages});
}
writeFileSync(join(out, 'openai-chat.jsonl'), chats.map((chat) => JSON.stringify(chat) + '\n').join(''));
console.log(`${cases.length} texts, ${chats.length} chats`);

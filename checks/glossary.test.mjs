// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import settings, { forbidden, phrases, terms } from './glossary.mjs';
import { found } from './phrases.mjs';

const page = `
# Glossary

| Term | The field's word | Meaning |
|---|---|---|
| planck (plancks) | smallest unit | A tiny amount. |

## Not in new text

| Word | Write |
|---|---|
| anew, for ever | again |

## Afterwards

| Word | Write |
|---|---|
| else | otherwise |
`;

test('terms are the words of the first two columns', () => {
	const words = terms(page);

	assert.ok(['planck', 'plancks', 'smallest', 'unit'].every((word) => words.includes(word)));
	assert.ok(!['Term', 'Word', 'tiny', 'amount'].some((word) => words.includes(word)));
});

test('what is ruled out is read from its section only', () => {
	assert.deepEqual(forbidden(page), [
		{ word: 'anew', write: 'again' },
		{ word: 'for ever', write: 'again' },
	]);
});

test('phrases are found across lines, and not in code', () => {
	const text = 'It waits For\never. `for ever`\n```\nfor ever\n```\nfor everyone, for ever';

	assert.deepEqual(
		found(text, [{ word: 'for ever', write: 'indefinitely' }]).map(({ line }) => line),
		[1, 6],
	);
});

test('the glossary itself has terms, words and phrases', () => {
	assert.ok(settings.words.includes('plancks'));
	assert.ok(settings.overrides[0].flagWords.includes('anew->again'));
	assert.ok(phrases.some(({ word }) => word === 'for ever'));
});

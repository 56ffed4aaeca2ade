// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beyondTheEnd, exists, known, missing, pathsIn } from './paths.mjs';

const all = known(['README.md', 'docs/adr/0001-a.md', 'docs/adr/0002-b.md', 'pallets/pace/src/lib.rs', 'scripts/run']);
const folders = new Set(['docs', 'pallets', 'scripts']);
const isThere = (/** @type {string} */ name) => exists(name, all);

test('files and folders exist, with and without a slash at the end', () => {
	assert.ok(['docs/adr', 'docs/adr/', 'pallets/pace/src/lib.rs', 'scripts/run'].every(isThere));
	assert.ok(!['docs/add', 'docs/adr/0003-c.md', 'pallets/pace/src/lib', 'scripts/Run'].some(isThere));
});

test('a glob needs one match, a choice all of them', () => {
	assert.ok(['docs/*', 'docs/adr/000?-*.md', 'pallets/**/*.rs', 'docs/adr/{0001-a,0002-b}.md'].every(isThere));
	assert.ok(!['docs/*.md', 'docs/adr/00?-*.md', 'pallets/**/*.mjs', 'docs/adr/{0001-a,0003-c}.md'].some(isThere));
});

test('a placeholder stands for anything, in a folder that exists', () => {
	assert.ok(['pallets/<name>/README.md', 'docs/adr/NAME.md', 'pallets/$pallet', 'docs/...', 'docs/…'].every(isThere));
	assert.ok(!['pallets/pacy/<name>', 'docs/add/NAME.md'].some(isThere));
});

test('paths are found among the words of a command, without what follows them', () => {
	assert.deepEqual(pathsIn('./scripts/run --out=docs/adr target/release', folders), ['scripts/run', 'docs/adr']);
	assert.deepEqual(pathsIn('pallets/pace/src/lib.rs:12:3, docs/adr/0001-a.md#L4-L7', folders), ['pallets/pace/src/lib.rs', 'docs/adr/0001-a.md']);
	assert.deepEqual(pathsIn('https://docs/adr substation/docs/adr docs', folders), []);
});

test('code in spans and shell blocks is looked at, prose and other blocks are not', () => {
	const page = [
		'`docs/a` and docs/b, ``docs/c``, `docs/adr` and `a span',
		'over docs/d lines`',
		'```sh',
		'./scripts/e',
		'```',
		'~~~text',
		'docs/f ` docs/g',
		'~~~',
		'| `docs/h` |',
	];

	const found = missing(page.join('\n'), all, folders);

	assert.deepEqual(
		found.map(({ line, name }) => `${line} ${name}`),
		['1 docs/a', '1 docs/c', '1 docs/d', '4 scripts/e', '9 docs/h'],
	);
});

test('a link to a line beyond the end is found', () => {
	const lengthOf = (/** @type {string} */ name) => ({ 'pallets/pace/src/lib.rs': 10 })[name];
	const page = '[a](../pallets/pace/src/lib.rs#L10)\n[b](../pallets/pace/src/lib.rs#L8-L11) [c](gone.rs#L9) [d](https://e.f/g.rs#L99)';

	const found = beyondTheEnd(page, 'docs/page.md', lengthOf);

	assert.deepEqual(found, [{ line: 2, name: '../pallets/pace/src/lib.rs#L8-L11: pallets/pace/src/lib.rs has 10 lines' }]);
});

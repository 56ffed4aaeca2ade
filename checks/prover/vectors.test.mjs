// @ts-check
// The documents, as an implementation of their own reads them, against the vectors of proofs/vectors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { blake2b256 } from './hash.mjs';
import * as prover from './prover.mjs';

/** Numbers of up to 64 bits, which JSON has and its parser has not, as bigints. @type {(name: string) => any[]} */
function vectors(name) {
	const text = readFileSync(new URL(`../../proofs/vectors/${name}.json`, import.meta.url), 'utf8');
	const quoted = text.replace(/(": |^\s*)(\d+)(?=[,\s}\]])/gm, '$1"#$2"');
	return JSON.parse(quoted, (_, value) => (typeof value === 'string' && value.startsWith('#') ? BigInt(value.slice(1)) : value));
}

/** @type {(text: string) => Buffer} */
const hex = (text) => Buffer.from(text, 'hex');
const forestOf = ({ root, total, depth }) => ({ root: hex(root), total, depth: Number(depth) });
const challengeOf = ({ genesis, seed, node, period, openings }) => ({ genesis: hex(genesis), seed: hex(seed), node, period, openings: Number(openings) });

/** What `read` makes of all of an encoding. @type {<T>(text: string, read: (reader: prover.Reader) => T) => T} */
function decode(text, read) {
	const reader = new prover.Reader(hex(text));
	const value = read(reader);
	assert.equal(reader.rest.length, 0);
	return value;
}

test('BLAKE2b-256 is that of others', () => {
	assert.equal(blake2b256(Buffer.alloc(0)).toString('hex'), '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8');
	assert.equal(blake2b256(Buffer.from('abc')).toString('hex'), 'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319');
});

test('slots, windows and periods', () => {
	for (const { clock, node, slot, windows, blocks } of vectors('window')) {
		assert.equal(prover.slotOf(clock, node), slot);
		for (const { period, opens, closes } of windows) {
			assert.deepEqual([prover.opens(clock, node, period), prover.closes(clock, node, period)], [opens, closes]);
		}
		for (const { block, closed, current } of blocks) {
			const last = prover.closed(clock, node, block);
			assert.equal(last, closed, `node ${node} at ${block}`);
			assert.equal(last === null ? 0n : last + 1n, current);
		}
	}
});

test('challenged bytes', () => {
	for (const { challenge, total, points } of vectors('challenge')) assert.deepEqual(prover.points(challengeOf(challenge), total), points);
});

test('roots of blobs', () => {
	for (const { length, root } of vectors('content')) {
		const bytes = Buffer.from(Array.from({ length: Number(length) }, (_, index) => index % 251));
		const chunks = Array.from({ length: Math.ceil(bytes.length / 1024) }, (_, chunk) => bytes.subarray(chunk * 1024, chunk * 1024 + 1024));
		const all = chunks.map((_, chunk) => BigInt(chunk));
		assert.equal(prover.contentRoot(length, all, { chunks, values: [] }).toString('hex'), root, `${length} bytes`);
	}
});

test('changes of forests, good and bad', () => {
	for (const { name, forest, node, depth, changes, proof, after, error } of vectors('forest')) {
		const make = () =>
			prover.update(forestOf(forest), node, Number(depth), decode(changes, (reader) => reader.changes()), decode(proof, (reader) => reader.updateProof()));
		if (error === null) assert.deepEqual(make(), forestOf(after), name);
		else assert.throws(make, prover.Refused, name);
	}
});

test('proofs, good and bad', () => {
	for (const { name, forest, challenge, proof, error } of vectors('storage')) {
		const check = () => prover.verify(forestOf(forest), challengeOf(challenge), decode(proof, (reader) => reader.proof()));
		if (error === null) assert.doesNotThrow(check, name);
		else assert.throws(check, prover.Refused, name);
	}
});

test('what agents sign', () => {
	for (const { genesis, node, root, depth, updates, accept, clear } of vectors('authority')) {
		/** @type {(what: 'accept' | 'clear') => string} */
		const message = (what) => prover.updateMessage(what, hex(genesis), node, hex(root), Number(depth), hex(updates)).toString('hex');
		assert.deepEqual([message('accept'), message('clear')], [accept, clear]);
	}
});

test('the transaction of the example in docs/prover.md', () => {
	const page = readFileSync(new URL('../../docs/prover.md', import.meta.url), 'utf8');
	const [, example] = /** @type {RegExpMatchArray} */ (page.match(/^`(68 45 [0-9a-f ]+)`/m));

	const sent = prover.freeCall(prover.proveCall(3n, 4n, Buffer.alloc(5)), 100n);

	assert.equal(sent.toString('hex'), example.replaceAll(' ', ''));
});

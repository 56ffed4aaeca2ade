// @ts-check
// What another prover has to know, written from proofs/README.md and docs/prover.md alone: windows, challenges, forests,
// proofs, what is signed, and transactions. Numbers are bigints.
import { blake2b256, chunkValue, parentValue } from './hash.mjs';

/**
 * @typedef {{ period: bigint, window: bigint, slotStep: bigint }} Clock
 * @typedef {{ root: Buffer, total: bigint, depth: number }} Forest
 * @typedef {{ deal: bigint, root: Buffer, length: bigint }} Leaf
 * @typedef {{ slot: bigint, isInsert: boolean, leaf: Leaf }} Change
 * @typedef {{ weight: bigint, hash: Buffer }} Subtree
 * @typedef {{ genesis: Buffer, seed: Buffer, node: bigint, period: bigint, openings: number }} Challenge
 * @typedef {{ weights: bigint[], hashes: Buffer[], leaves: Leaf[], chunks: Buffer[], values: Buffer[] }} Proof
 */

const CHUNK = 1024n;
const MAX_LENGTH = 1n << 46n;
const ZEROS = Buffer.alloc(32);
const EMPTY = { weight: 0n, hash: ZEROS };

/** Why something is refused. */
export class Refused extends Error {}

/** @type {(condition: boolean, reason: string) => asserts condition} */
function ensure(condition, reason) {
	if (!condition) throw new Refused(reason);
}

/** A number of so many bytes, little-endian. @type {(number: bigint | number, bytes: number) => Buffer} */
export function fixed(number, bytes) {
	const buffer = Buffer.alloc(bytes);
	for (let index = 0; index < bytes; index += 1) buffer[index] = Number((BigInt(number) >> BigInt(8 * index)) & 0xffn);
	return buffer;
}

/** @type {(bytes: Uint8Array) => bigint} */
const number = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/** A compact number below 2^30. @type {(number: number) => Buffer} */
const compact = (number) => {
	if (number < 1 << 6) return fixed(number << 2, 1);
	return number < 1 << 14 ? fixed((number << 2) | 1, 2) : fixed((BigInt(number) << 2n) | 2n, 4);
};

/** @type {(tag: string, ...parts: Uint8Array[]) => Buffer} */
const tagged = (tag, ...parts) => Buffer.concat([Buffer.from(tag), ...parts]);

/** Reads SCALE. */
export class Reader {
	/** @param {Buffer} bytes */
	constructor(bytes) {
		this.rest = bytes;
	}

	/** @param {number} length */
	bytes(length) {
		ensure(this.rest.length >= length, 'the encoding ends too early');
		const taken = this.rest.subarray(0, length);
		this.rest = this.rest.subarray(length);
		return taken;
	}

	/** @param {number} length */
	number(length) {
		return number(this.bytes(length));
	}

	/** A compact number below 2^30. */
	length() {
		const length = [1, 2, 4][this.rest[0] & 3];
		ensure(length !== undefined, 'a list that is too long');
		return Number(this.number(length) >> 2n);
	}

	/**
	 * @template T
	 * @param {() => T} item
	 * @returns {T[]}
	 */
	list(item) {
		return Array.from({ length: this.length() }, item);
	}

	/** @returns {Leaf} */
	leaf() {
		return { deal: this.number(8), root: this.bytes(32), length: this.number(8) };
	}

	/** @returns {Change[]} */
	changes() {
		return this.list(() => {
			const [slot, kind] = [this.number(4), this.number(1)];
			return { slot, isInsert: kind === 0n, leaf: this.leaf() };
		});
	}

	updateProof() {
		return { weights: this.list(() => this.number(8)), hashes: this.list(() => this.bytes(32)) };
	}

	/** @returns {Proof} */
	proof() {
		return {
			...this.updateProof(),
			leaves: this.list(() => this.leaf()),
			chunks: this.list(() => this.bytes(this.length())),
			values: this.list(() => this.bytes(32)),
		};
	}
}

/** @type {(clock: Clock, node: bigint) => bigint} */
export const slotOf = ({ period, slotStep }, node) =>
	number(blake2b256(tagged('substation/slot/v1', fixed(node, 8))).subarray(0, 4)) % (period / slotStep);

/** @type {(clock: Clock, node: bigint, period: bigint) => bigint} */
export const opens = (clock, node, period) => period * clock.period + slotOf(clock, node) * clock.slotStep;

/** @type {(clock: Clock, node: bigint, period: bigint) => bigint} */
export const closes = (clock, node, period) => opens(clock, node, period) + clock.window;

/** The last period whose window has closed at a block. @type {(clock: Clock, node: bigint, block: bigint) => bigint | null} */
export function closed(clock, node, block) {
	const first = closes(clock, node, 0n);
	return block < first ? null : (block - first) / clock.period;
}

/** The challenged bytes. @type {(challenge: Challenge, total: bigint) => bigint[]} */
export function points({ genesis, seed, node, period, openings }, total) {
	const preimage = tagged('substation/challenge/v1', genesis, seed, fixed(node, 8), fixed(period, 4));
	if (total === 0n) return [];
	return Array.from({ length: openings }, (_, index) => number(blake2b256(Buffer.concat([preimage, fixed(index, 1)])).subarray(0, 16)) % total);
}

/** @type {(node: bigint, leaf: Leaf) => Subtree} */
const leafOf = (node, { deal, root, length }) => ({
	weight: length,
	hash: blake2b256(Buffer.concat([fixed(3, 1), fixed(deal, 8), fixed(node, 8), root, fixed(length, 8)])),
});

/** @type {(left: Subtree, right: Subtree) => Subtree} */
function join(left, right) {
	const weight = left.weight + right.weight;
	ensure(weight < 1n << 64n, 'too many bytes');
	if (weight === 0n) return EMPTY;
	const preimage = [fixed(2, 1), fixed(left.weight, 8), left.hash, fixed(right.weight, 8), right.hash];
	return { weight, hash: blake2b256(Buffer.concat(preimage)) };
}

/** @type {<T>(list: T[]) => T} */
function next(list) {
	ensure(list.length > 0, 'a list ends too early');
	return /** @type {any} */ (list.shift());
}

/** @type {(lists: unknown[][]) => void} */
const usedUp = (lists) => ensure(lists.every((list) => list.length === 0), 'a list has too many items');

/** @type {(length: bigint) => void} */
const ensureLength = (length) => ensure(length > 0n && length <= MAX_LENGTH, 'a length out of range');

/**
 * The forest after these changes.
 *
 * @param {Forest} forest
 * @param {bigint} node
 * @param {number} depth
 * @param {Change[]} changes
 * @param {{ weights: bigint[], hashes: Buffer[] }} proof
 * @returns {Forest}
 */
export function update(forest, node, depth, changes, { weights, hashes }) {
	ensure(depth >= forest.depth && depth <= 32, 'depth out of range');
	ensure(changes.length > 0, 'no changes');
	changes.forEach(({ slot, leaf }, index) => {
		ensure(index === 0 || changes[index - 1].slot < slot, 'slots not ascending');
		ensure(slot < 1n << BigInt(depth), 'slot out of range');
		ensureLength(leaf.length);
	});
	/** @type {(level: number, first: bigint, inside: Change[]) => [Subtree, Subtree]} */
	const walk = (level, first, inside) => {
		if (inside.length === 0) {
			const weight = next(weights);
			const sibling = weight === 0n ? EMPTY : { weight, hash: next(hashes) };
			return [sibling, sibling];
		}
		if (level === 0) {
			const leaf = leafOf(node, inside[0].leaf);
			return inside[0].isInsert ? [EMPTY, leaf] : [leaf, EMPTY];
		}
		const middle = first + (1n << BigInt(level - 1));
		const left = walk(level - 1, first, inside.filter(({ slot }) => slot < middle));
		const right = walk(level - 1, middle, inside.filter(({ slot }) => slot >= middle));
		return [join(left[0], right[0]), join(left[1], right[1])];
	};
	const [before, after] = walk(depth, 0n, changes);
	usedUp([weights, hashes]);
	/** @type {Subtree} */
	let grown = { weight: forest.total, hash: forest.root };
	for (let level = forest.depth; level < depth; level += 1) grown = join(grown, EMPTY);
	ensure(before.weight === grown.weight && before.hash.equals(grown.hash), 'another forest');
	return { root: after.hash, total: after.weight, depth };
}

/**
 * The root of a blob from an opening of these chunks, ascending. Takes what it uses.
 *
 * @param {bigint} length
 * @param {bigint[]} wanted
 * @param {{ chunks: Buffer[], values: Buffer[] }} opening
 * @returns {Buffer}
 */
export function contentRoot(length, wanted, { chunks, values }) {
	ensureLength(length);
	const count = (length + CHUNK - 1n) / CHUNK;
	/** @type {(start: bigint, size: bigint, inside: bigint[]) => Buffer} */
	const walk = (start, size, inside) => {
		if (inside.length === 0) return next(values);
		const isRoot = size === count;
		if (size === 1n) {
			const chunk = next(chunks);
			const rest = length - start * CHUNK;
			ensure(BigInt(chunk.length) === (rest < CHUNK ? rest : CHUNK), 'a chunk of another length');
			return chunkValue(start, chunk, isRoot);
		}
		let left = 1n;
		while (left * 2n < size) left *= 2n;
		const middle = start + left;
		const below = walk(start, left, inside.filter((chunk) => chunk < middle));
		return parentValue(below, walk(middle, size - left, inside.filter((chunk) => chunk >= middle)), isRoot);
	};
	return walk(0n, count, wanted);
}

/**
 * Whether a proof answers a challenge over a forest. Refuses it otherwise.
 *
 * @param {Forest} forest
 * @param {Challenge} challenge
 * @param {Proof} proof
 */
export function verify(forest, challenge, { weights, hashes, leaves, chunks, values }) {
	ensure(challenge.openings > 0, 'no openings');
	ensure(forest.total > 0n, 'nothing is challenged');
	leaves.forEach(({ length }) => ensureLength(length));
	/** @type {{ leaf: Leaf, wanted: bigint[] }[]} */
	const opened = [];
	/** @type {(level: number, start: bigint, weight: bigint, inside: bigint[]) => Subtree} */
	const walk = (level, start, weight, inside) => {
		if (weight === 0n) return EMPTY;
		if (inside.length === 0) return { weight, hash: next(hashes) };
		if (level === 0) {
			const leaf = next(leaves);
			ensure(leaf.length === weight, 'a leaf of another length');
			const wanted = [...new Set(inside.map((point) => (point - start) / CHUNK))].sort((one, other) => Number(one - other));
			opened.push({ leaf, wanted });
			return leafOf(challenge.node, leaf);
		}
		const half = next(weights);
		ensure(half <= weight, 'a half above the whole');
		const middle = start + half;
		const left = walk(level - 1, start, half, inside.filter((point) => point < middle));
		return join(left, walk(level - 1, middle, weight - half, inside.filter((point) => point >= middle)));
	};
	const root = walk(forest.depth, 0n, forest.total, points(challenge, forest.total));
	usedUp([weights, hashes, leaves]);
	ensure(root.hash.equals(forest.root), 'another forest');
	for (const { leaf, wanted } of opened) ensure(contentRoot(leaf.length, wanted, { chunks, values }).equals(leaf.root), 'other bytes');
	usedUp([chunks, values]);
}

/**
 * What an agent signs to accept or to clear; `list` is the encoding of the list in the call.
 *
 * @type {(what: 'accept' | 'clear', genesis: Buffer, node: bigint, root: Buffer, depth: number, list: Buffer) => Buffer}
 */
export const updateMessage = (what, genesis, node, root, depth, list) =>
	tagged(`substation/${what}/v1`, genesis, fixed(node, 8), root, fixed(depth, 1), list);

/** A free call's transaction, sent when `best` is the best block. @type {(call: Buffer, best: bigint) => Buffer} */
export function freeCall(call, best) {
	const born = best < 2n ? 0n : best - 2n;
	const body = Buffer.concat([Buffer.from([0x45, 0]), fixed(2n | ((born % 8n) << 4n), 2), Buffer.alloc(3), call]);
	return Buffer.concat([compact(body.length), body]);
}

/** The call `prove`; `proof` is encoded. @type {(node: bigint, period: bigint, proof: Buffer) => Buffer} */
export const proveCall = (node, period, proof) => Buffer.concat([Buffer.from([32, 0]), fixed(node, 8), fixed(period, 4), proof]);

// @ts-check
// BLAKE2b-256, and of BLAKE3 what openings need: from RFC 7693 and the BLAKE3 paper. Slow and short.

/** The first words of both: fractional parts of the square roots of the first primes. */
const IV = [
	0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
	0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];
const SIGMA = [
	[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
	[14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
	[11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
	[7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
	[9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
	[2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
	[12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
	[13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
	[6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
	[10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
/** Columns, then diagonals. */
const LANES = [
	[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
	[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
];

/** @type {(word: bigint, by: bigint) => bigint} */
const rotate64 = (word, by) => BigInt.asUintN(64, (word >> by) | (word << (64n - by)));
/** @type {(word: number, by: number) => number} */
const rotate32 = (word, by) => ((word >>> by) | (word << (32 - by))) >>> 0;

/**
 * BLAKE2b with 32 bytes of output and no key.
 *
 * @param {Uint8Array} data
 * @returns {Buffer}
 */
export function blake2b256(data) {
	const state = [IV[0] ^ 0x01010020n, ...IV.slice(1)];
	const blocks = Math.max(1, Math.ceil(data.length / 128));
	for (let block = 0; block < blocks; block += 1) {
		const bytes = Buffer.alloc(128);
		bytes.set(data.subarray(block * 128, block * 128 + 128));
		const words = Array.from({ length: 16 }, (_, index) => bytes.readBigUInt64LE(index * 8));
		const isLast = block === blocks - 1;
		const v = [...state, ...IV];
		v[12] ^= BigInt(isLast ? data.length : (block + 1) * 128);
		if (isLast) v[14] = BigInt.asUintN(64, ~v[14]);
		for (let round = 0; round < 12; round += 1) {
			LANES.forEach(([a, b, c, d], lane) => {
				const [x, y] = [0, 1].map((half) => words[SIGMA[round % 10][2 * lane + half]]);
				v[a] = BigInt.asUintN(64, v[a] + v[b] + x);
				v[d] = rotate64(v[d] ^ v[a], 32n);
				v[c] = BigInt.asUintN(64, v[c] + v[d]);
				v[b] = rotate64(v[b] ^ v[c], 24n);
				v[a] = BigInt.asUintN(64, v[a] + v[b] + y);
				v[d] = rotate64(v[d] ^ v[a], 16n);
				v[c] = BigInt.asUintN(64, v[c] + v[d]);
				v[b] = rotate64(v[b] ^ v[c], 63n);
			});
		}
		for (let index = 0; index < 8; index += 1) state[index] ^= v[index] ^ v[index + 8];
	}
	const hash = Buffer.alloc(64);
	state.forEach((word, index) => hash.writeBigUInt64LE(word, index * 8));
	return hash.subarray(0, 32);
}

const BLAKE3_IV = IV.map((word) => Number(word >> 32n));
const [START, END, PARENT, ROOT] = [1, 2, 4, 8];

/**
 * @param {number[]} value
 * @param {Buffer} block 64 bytes
 * @param {bigint} counter
 * @param {number} length
 * @param {number} flags
 * @returns {number[]} 8 words
 */
function compress(value, block, counter, length, flags) {
	let words = Array.from({ length: 16 }, (_, index) => block.readUInt32LE(index * 4));
	const counters = [Number(counter & 0xffffffffn), Number(counter >> 32n)];
	const v = [...value, ...BLAKE3_IV.slice(0, 4), ...counters, length, flags];
	for (let round = 0; round < 7; round += 1) {
		LANES.forEach(([a, b, c, d], lane) => {
			for (const [word, first, second] of [[words[2 * lane], 16, 12], [words[2 * lane + 1], 8, 7]]) {
				v[a] = (v[a] + v[b] + word) >>> 0;
				v[d] = rotate32(v[d] ^ v[a], first);
				v[c] = (v[c] + v[d]) >>> 0;
				v[b] = rotate32(v[b] ^ v[c], second);
			}
		});
		words = PERMUTATION.map((index) => words[index]);
	}
	return v.slice(0, 8).map((word, index) => (word ^ v[index + 8]) >>> 0);
}

/** @type {(words: number[]) => Buffer} */
function toBytes(words) {
	const bytes = Buffer.alloc(32);
	words.forEach((word, index) => bytes.writeUInt32LE(word, index * 4));
	return bytes;
}

/**
 * The chaining value of a chunk of up to 1,024 bytes; with `isRoot` the hash of a blob that is no longer.
 *
 * @param {bigint} chunk its number, from 0 on
 * @param {Uint8Array} bytes
 * @param {boolean} [isRoot]
 * @returns {Buffer}
 */
export function chunkValue(chunk, bytes, isRoot = false) {
	const blocks = Math.max(1, Math.ceil(bytes.length / 64));
	let value = BLAKE3_IV;
	for (let block = 0; block < blocks; block += 1) {
		const part = bytes.subarray(block * 64, block * 64 + 64);
		const padded = Buffer.alloc(64);
		padded.set(part);
		const last = block === blocks - 1 ? END | (isRoot ? ROOT : 0) : 0;
		value = compress(value, padded, chunk, part.length, (block === 0 ? START : 0) | last);
	}
	return toBytes(value);
}

/**
 * The chaining value of an inner node, or the root of a blob.
 *
 * @param {Uint8Array} left
 * @param {Uint8Array} right
 * @param {boolean} isRoot
 * @returns {Buffer}
 */
export const parentValue = (left, right, isRoot) => toBytes(compress(BLAKE3_IV, Buffer.concat([left, right]), 0n, 64, PARENT | (isRoot ? ROOT : 0)));

// @ts-check
// Files for tests: made, hashed, damaged.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

const MEBIBYTE = 1 << 20;

/**
 * Writes a file of random bytes; `bytes` need not be round.
 *
 * @param {string} file
 * @param {number} bytes
 */
export async function randomFile(file, bytes) {
	const out = createWriteStream(file);
	for (let left = bytes; left > 0; left -= MEBIBYTE) {
		if (!out.write(randomBytes(Math.min(left, MEBIBYTE)))) await once(out, 'drain');
	}
	out.end();
	await once(out, 'finish');
	return file;
}

/** @param {string} file */
export async function sha256(file) {
	const hash = createHash('sha256');
	for await (const chunk of createReadStream(file)) hash.update(chunk);
	return hash.digest('hex');
}

/**
 * What the tool that everybody has says about a file.
 *
 * @param {string} file
 */
export const b3sum = (file) => execFileSync('b3sum', ['--no-names', file], { encoding: 'utf8' }).trim();

/**
 * The files in which an agent keeps stored bytes.
 *
 * @param {string} dataFolder
 */
export async function storedFiles(dataFolder) {
	const names = await blobNames(dataFolder);
	return names.filter((name) => name.endsWith('.data')).map((name) => path.join(dataFolder, 'blobs', name));
}

/**
 * Names of everything in the folder in which an agent keeps stored and arriving bytes.
 *
 * @param {string} dataFolder
 * @returns {Promise<string[]>}
 */
export const blobNames = (dataFolder) => readdir(path.join(dataFolder, 'blobs')).catch(() => []);

/**
 * Bytes of the content that is arriving at an agent that are durable by now: the end of its 48-byte mark.
 *
 * @param {string} dataFolder
 */
export async function durableBytes(dataFolder) {
	const name = (await blobNames(dataFolder)).find((name) => name.endsWith('.mark'));
	const mark = name && (await readFile(path.join(dataFolder, 'blobs', name)).catch(() => undefined));
	return mark && mark.length === 48 ? Number(mark.readBigUInt64LE(40)) : 0;
}

/**
 * Overwrites bytes of a file with zeros, in place. Returns how many.
 *
 * @param {string} file
 * @param {number} [from]
 * @param {number} [to]
 */
export async function wipe(file, from = 0, to = Infinity) {
	const handle = await open(file, 'r+');
	try {
		const end = Math.min((await handle.stat()).size, to);
		const zeros = Buffer.alloc(MEBIBYTE);
		for (let at = from; at < end; at += MEBIBYTE) await handle.write(zeros, 0, Math.min(MEBIBYTE, end - at), at);
		await handle.sync();
		return end - from;
	} finally {
		await handle.close();
	}
}

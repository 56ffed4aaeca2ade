// @ts-check
// Child processes that are always ended by their id, and waiting without sleeping blindly.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import readline from 'node:readline';

/**
 * How a program ended.
 * @typedef {{ code: number | null, signal?: NodeJS.Signals | null, error?: Error }} Outcome
 */

/**
 * How a program is run: variables beside the test's own, what it reads, and seconds until it is killed.
 * @typedef {{ env?: Record<string, string>, input?: string, onLine?: (line: string) => void, timeout?: number }} RunOptions
 */

/**
 * What a program that has ended said.
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }} RunResult
 */

/** @type {Set<Daemon>} */
const running = new Set();

// The tests wait for log lines, so the programs log what they log by default.
const { RUST_LOG: _, ...environment } = process.env;

// Below the ports that the system hands out.
const PORTS = { first: 10_000, end: 32_000, block: 100 };

/** @type {Promise<Generator<number, void>> | undefined} */
let ports;

/**
 * A port that is free at this moment for TCP and for UDP, never the same twice. Test files run side by side, and a program
 * binds its port long after this has looked at it: each file has blocks of ports to itself.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
	for (;;) {
		ports ??= claimPorts();
		const { value: port } = (await ports).next();
		if (port === undefined) ports = undefined;
		else if (await isFree(port)) return port;
	}
}

/** Claims a block that no other process has claimed: who listens on its first port has it, until its process ends. */
async function claimPorts() {
	const blocks = (PORTS.end - PORTS.first) / PORTS.block;
	const start = Math.floor(Math.random() * blocks);
	for (let nth = 0; nth < blocks; nth += 1) {
		const first = PORTS.first + ((start + nth) % blocks) * PORTS.block;
		const claim = await listens(first);
		if (!claim) continue;
		// It keeps nothing running.
		claim.unref();
		return between(first + 1, first + PORTS.block);
	}
	throw new Error('every block of ports is taken');
}

/**
 * @param {number} port
 * @param {number} end
 */
function* between(port, end) {
	for (; port < end; port += 1) yield port;
}

/**
 * @param {number} port
 * @returns {Promise<import('node:net').Server | undefined>}
 */
const listens = (port) =>
	new Promise((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(undefined));
		server.listen(port, '127.0.0.1', () => resolve(server));
	});

/** @param {number} port */
async function isFree(port) {
	const tcp = await listens(port);
	if (!tcp) return false;
	await new Promise((resolve) => tcp.close(resolve));
	return new Promise((resolve) => {
		const udp = createSocket('udp4');
		udp.once('error', () => udp.close(() => resolve(false)));
		udp.bind(port, '127.0.0.1', () => udp.close(() => resolve(true)));
	});
}

/** @type {(milliseconds: number) => Promise<void>} */
export const delay = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Polls `probe` until it returns something truthy; fails with `what` after `seconds`.
 *
 * @template T
 * @param {string} what
 * @param {number} seconds
 * @param {() => T | Promise<T>} probe
 * @param {number} [everyMilliseconds]
 * @returns {Promise<Exclude<T, false | 0 | '' | null | undefined>>}
 */
export async function until(what, seconds, probe, everyMilliseconds = 250) {
	const deadline = Date.now() + seconds * 1000;
	/** @type {any} */
	let last;
	for (;;) {
		try {
			const value = await within(deadline - Date.now(), probe);
			if (value) return /** @type {Exclude<T, false | 0 | '' | null | undefined>} */ (value);
			last = undefined;
		} catch (error) {
			last = error;
		}
		if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}${last ? `: ${last.message}` : ''}`);
		await delay(everyMilliseconds);
	}
}

/**
 * What `probe` says, unless it takes longer than this; a moment it always has.
 *
 * @template T
 * @param {number} milliseconds
 * @param {() => T | Promise<T>} probe
 * @returns {Promise<T>}
 */
export async function within(milliseconds, probe) {
	/** @type {NodeJS.Timeout | undefined} */
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error('no answer')), Math.max(milliseconds, 1_000));
	});
	try {
		return await Promise.race([probe(), /** @type {Promise<never>} */ (late)]);
	} finally {
		clearTimeout(timer);
	}
}

/** A program that runs beside the test, with its output in a log file and its lines kept for waiting on. */
export class Daemon {
	/**
	 * @param {string} name
	 * @param {string} command
	 * @param {string[]} args
	 * @param {{ log?: string, env?: Record<string, string> }} [options]
	 */
	constructor(name, command, args, { log, env } = {}) {
		this.name = name;
		/** @type {string[]} */
		this.lines = [];
		/** @type {Set<{ line(line: string): void, gone(outcome: Outcome): void }>} */
		this.waiters = new Set();
		/** @type {Outcome | undefined} */
		this.outcome = undefined;
		this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...environment, ...env } });
		this.exited = new Promise((/** @type {(outcome: Outcome) => void} */ resolve) => {
			this.child.once('error', (error) => resolve({ code: -1, error }));
			this.child.once('close', (code, signal) => resolve({ code, signal }));
		}).then((outcome) => {
			running.delete(this);
			this.outcome = outcome;
			for (const waiter of this.waiters) waiter.gone(outcome);
			return outcome;
		});
		running.add(this);
		const sink = log ? createWriteStream(log, { flags: 'a' }) : undefined;
		for (const stream of [this.child.stdout, this.child.stderr]) {
			readline.createInterface({ input: stream }).on('line', (line) => {
				sink?.write(`${line}\n`);
				this.lines.push(line);
				if (this.lines.length > 2000) this.lines.shift();
				for (const waiter of this.waiters) waiter.line(line);
			});
		}
	}

	/**
	 * The first line, past or future, that matches.
	 *
	 * @param {RegExp} pattern
	 * @param {number} [seconds]
	 * @returns {Promise<string>}
	 */
	line(pattern, seconds = 60) {
		const past = this.lines.find((line) => pattern.test(line));
		if (past) return Promise.resolve(past);
		return new Promise((resolve, reject) => {
			/** @type {(settle: (value: any) => void, value: string | Error) => void} */
			const finish = (settle, value) => {
				clearTimeout(timer);
				this.waiters.delete(waiter);
				settle(value);
			};
			const tail = () => this.lines.slice(-15).join('\n');
			const waiter = {
				line: (line) => pattern.test(line) && finish(resolve, line),
				gone: (outcome) =>
					finish(reject, new Error(`${this.name} ended (${JSON.stringify(outcome)}) before ${pattern}:\n${tail()}`)),
			};
			const timer = setTimeout(
				() => finish(reject, new Error(`${this.name} did not print ${pattern} within ${seconds} s:\n${tail()}`)),
				seconds * 1000,
			);
			this.waiters.add(waiter);
			if (this.outcome) waiter.gone(this.outcome);
		});
	}

	/**
	 * Ends the process: politely first, by force after so many seconds.
	 *
	 * @param {NodeJS.Signals} [signal]
	 * @param {number} [seconds]
	 */
	async stop(signal = 'SIGTERM', seconds = 10) {
		if (this.outcome) return this.outcome;
		this.child.kill(signal);
		const timer = setTimeout(() => this.child.kill('SIGKILL'), seconds * 1000);
		const outcome = await this.exited;
		clearTimeout(timer);
		return outcome;
	}
}

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(command, args, { env, input, onLine, timeout = 300 } = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...environment, ...env } });
		let stdout = '';
		let stderr = '';
		child.stdout.on('data', (data) => {
			stdout += data;
			if (onLine) for (const line of String(data).split('\n')) if (line) onLine(line);
		});
		child.stderr.on('data', (data) => {
			stderr += data;
			if (onLine) for (const line of String(data).split('\n')) if (line) onLine(line);
		});
		const timer = setTimeout(() => child.kill('SIGKILL'), timeout * 1000);
		child.once('error', reject);
		child.once('close', (code, signal) => {
			clearTimeout(timer);
			resolve({ code, signal, stdout, stderr });
		});
		child.stdin.end(input);
	});
}

/**
 * The line of JSON that a program's output ends with.
 *
 * @param {string} stdout
 * @returns {any}
 */
export const lastJson = (stdout) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '');

/** Ends everything that was started here and still runs. */
export async function stopAll() {
	await Promise.all([...running].map((daemon) => daemon.stop()));
}

for (const signal of ['SIGINT', 'SIGTERM']) {
	// eslint-disable-next-line @typescript-eslint/no-misused-promises -- a failure ends the process, as it should
	process.once(signal, async () => {
		await stopAll();
		process.exit(signal === 'SIGINT' ? 130 : 143);
	});
}

// Child processes that are always ended by their id, and waiting without sleeping blindly.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import readline from 'node:readline';

const running = new Set();

// The tests wait for log lines, so the programs log what they log by default.
const { RUST_LOG: _, ...environment } = process.env;

// Below the ports that the system hands out. Test files run side by side: each begins somewhere else.
const PORTS = { first: 10_000, end: 32_000 };
let next = PORTS.first + Math.floor(Math.random() * (PORTS.end - PORTS.first));

/** A TCP port that is free at this moment, never the same twice. */
export async function freePort() {
	for (;;) {
		const port = next;
		next = port + 1 < PORTS.end ? port + 1 : PORTS.first;
		const isFree = await new Promise((resolve) => {
			const server = createServer();
			server.once('error', () => resolve(false));
			server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
		});
		if (isFree) return port;
	}
}

export const delay = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Polls `probe` until it returns something truthy; fails with `what` after `seconds`. */
export async function until(what, seconds, probe, everyMilliseconds = 250) {
	const deadline = Date.now() + seconds * 1000;
	let last;
	for (;;) {
		try {
			const value = await probe();
			if (value) return value;
			last = undefined;
		} catch (error) {
			last = error;
		}
		if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}${last ? `: ${last.message}` : ''}`);
		await delay(everyMilliseconds);
	}
}

/** A program that runs beside the test, with its output in a log file and its lines kept for waiting on. */
export class Daemon {
	constructor(name, command, args, { log, env } = {}) {
		this.name = name;
		this.lines = [];
		this.waiters = new Set();
		this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...environment, ...env } });
		this.exited = new Promise((resolve) => {
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

	/** The first line, past or future, that matches. */
	line(pattern, seconds = 60) {
		const past = this.lines.find((line) => pattern.test(line));
		if (past) return Promise.resolve(past);
		return new Promise((resolve, reject) => {
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

	/** Ends the process: politely first, by force after so many seconds. */
	async stop(signal = 'SIGTERM', seconds = 10) {
		if (this.outcome) return this.outcome;
		this.child.kill(signal);
		const timer = setTimeout(() => this.child.kill('SIGKILL'), seconds * 1000);
		const outcome = await this.exited;
		clearTimeout(timer);
		return outcome;
	}
}

/** Runs a program to its end. */
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

/** Ends everything that was started here and still runs. */
export async function stopAll() {
	await Promise.all([...running].map((daemon) => daemon.stop()));
}

for (const signal of ['SIGINT', 'SIGTERM']) {
	process.once(signal, async () => {
		await stopAll();
		process.exit(signal === 'SIGINT' ? 130 : 143);
	});
}

// @ts-check
// Network namespaces, each behind a line of its own, around one hub. Everything lives in a namespace of the lab's own
// (see scripts/bandwidth-lab) and is gone when the lab ends.
import { execFileSync } from 'node:child_process';
import { Daemon } from '../lib/processes.mjs';
import { LAB } from './programs.mjs';

/**
 * A line's terms: rates in Mbit/s as frames carry them, bucket in bytes, round trip in ms, loss in per cent each way.
 * @typedef {{ down: number, up: number, bucket: number, roundTrip: number, loss: number }} Terms
 */

/**
 * A namespace, and its address among those that are measured. The hub has no terms.
 * @typedef {{ namespace: string, address: string, terms?: Terms }} Place
 */

const HUB = 'hub';

/** Where agents behind lines reach the chain. */
export const CHAIN_HOST = '10.9.255.254';

// A queue of 50 ms in front of every line, as routers have.
const QUEUE_MILLISECONDS = 50;

// Frames that a token-bucket filter lets pass at once where no larger bucket is asked for: ten full frames.
const BUCKET = 15_140;

/** @type {(...args: string[]) => string} */
const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
/** @type {(namespace: string, command: string, ...args: string[]) => string} */
const within = (namespace, command, ...args) =>
	execFileSync('ip', ['netns', 'exec', namespace, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

/** @type {(terms: Partial<Terms> & { down: number }) => Terms} */
export const line = ({ down, up = down, bucket = BUCKET, roundTrip = 0, loss = 0 }) => ({ down, up, bucket, roundTrip, loss });

export class Lines {
	/** Makes the hub: a bridge for what is measured, and one for the lab's own traffic to the chain, which has no limit. */
	static async start() {
		ip('link', 'set', 'lo', 'up');
		ip('netns', 'attach', HUB, String(process.pid));
		for (const [bridge, address] of [['measured', '10.8.255.254/16'], ['control', `${CHAIN_HOST}/16`]]) {
			ip('link', 'add', bridge, 'type', 'bridge');
			ip('address', 'add', address, 'dev', bridge);
			ip('link', 'set', bridge, 'up');
		}
		return new Lines();
	}

	count = 0;
	/** @type {Daemon[]} */
	relays = [];

	/** @type {Place} The hub itself, which is behind no line. */
	hub = { namespace: HUB, address: '10.8.255.254' };

	/**
	 * A namespace behind a line. Returns its name and its addresses.
	 *
	 * @param {Terms} terms
	 * @returns {Promise<Place>}
	 */
	async add(terms) {
		this.count += 1;
		const index = this.count;
		const namespace = `line${index}`;
		const host = `${index >> 8}.${index & 255}`;
		ip('netns', 'add', namespace);
		within(namespace, 'ip', 'link', 'set', 'lo', 'up');

		// The chain is reached past the line: a test must not wait for a block that waits behind the test.
		ip('link', 'add', `control${index}`, 'type', 'veth', 'peer', 'name', 'control', 'netns', namespace);
		ip('link', 'set', `control${index}`, 'master', 'control', 'up');
		within(namespace, 'ip', 'address', 'add', `10.9.${host}/16`, 'dev', 'control');
		within(namespace, 'ip', 'link', 'set', 'control', 'up');

		const hubEnd = `line${index}`;
		const isRelayed = terms.roundTrip > 0 || terms.loss > 0;
		if (isRelayed) {
			const ends = `${namespace}:line,${HUB}:${hubEnd},${terms.roundTrip / 2},${terms.loss}`;
			const relay = new Daemon(`relay of ${namespace}`, LAB, ['link', '--line', ends, '--seed', String(index)]);
			await relay.line(/ready/, 20);
			this.relays.push(relay);
		} else {
			ip('link', 'add', hubEnd, 'type', 'veth', 'peer', 'name', 'line', 'netns', namespace);
		}
		ip('link', 'set', hubEnd, 'master', 'measured', 'up');
		within(namespace, 'ip', 'address', 'add', `10.8.${host}/16`, 'dev', 'line');
		within(namespace, 'ip', 'link', 'set', 'line', 'up');
		this.#limit((...args) => execFileSync('tc', args), hubEnd, terms.down, terms.bucket);
		this.#limit((...args) => within(namespace, 'tc', ...args), 'line', terms.up, terms.bucket);
		return { namespace, address: `10.8.${host}`, terms };
	}

	/**
	 * @param {(...args: string[]) => unknown} tc
	 * @param {string} device
	 * @param {number} rate
	 * @param {number} bucket
	 */
	#limit(tc, device, rate, bucket) {
		tc(
			...['qdisc', 'replace', 'dev', device, 'root', 'tbf', 'rate', `${rate}mbit`],
			...['burst', String(bucket), 'latency', `${QUEUE_MILLISECONDS}ms`],
		);
	}

	/**
	 * Bytes of frames that the line has carried, [towards the node, from the node], as its limits count them.
	 *
	 * @param {Place} place
	 * @returns {[number, number]}
	 */
	carried({ namespace }) {
		const bytes = (json) => JSON.parse(json)[0].bytes;
		return [
			bytes(execFileSync('tc', ['-s', '-j', 'qdisc', 'show', 'dev', namespace, 'root'], { encoding: 'utf8' })),
			bytes(within(namespace, 'tc', '-s', '-j', 'qdisc', 'show', 'dev', 'line', 'root')),
		];
	}
}

/**
 * The command that runs a program behind a line.
 *
 * @type {(place: Place, program: string, args: string[]) => [string, string[]]}
 */
export const behind = ({ namespace }, program, args) => ['ip', ['netns', 'exec', namespace, program, ...args]];

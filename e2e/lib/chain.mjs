// @ts-check
// The chain through @polkadot/api, as a user's own script would see it.
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { until, within } from './processes.mjs';

/**
 * @import { SubmittableExtrinsic } from '@polkadot/api/types'
 * @import { KeyringPair } from '@polkadot/keyring/types'
 */

/**
 * A value of the chain, decoded. The metadata say what it holds, so it is not known here.
 * @typedef {any} Codec
 */

/**
 * A call, ready to be signed and sent.
 * @typedef {SubmittableExtrinsic<'promise'>} Call
 */

/**
 * An item of what is stored: read at the head, or at a block.
 * @typedef {((...keys: unknown[]) => Promise<Codec>) & {
 *   at(hash: unknown, ...keys: unknown[]): Promise<Codec>,
 *   entries(...keys: unknown[]): Promise<[Codec, Codec][]>,
 * }} Item
 */

/**
 * What is stored, by pallet and item.
 * @typedef {Record<string, Record<string, Item>>} Queries
 */

/**
 * What the runtime answers, by API and method.
 * @typedef {Record<string, Record<string, (...args: unknown[]) => Promise<Codec>>>} Calls
 */

/**
 * A client. That a pallet or an item exists is not checked, that whoever reads it waits for the answer is. What it reads
 * of the newest state is left out: see `Chain.query`.
 * @typedef {Omit<ApiPromise, 'at' | 'call' | 'consts' | 'query' | 'tx'> & {
 *   at(hash: unknown): Promise<{ query: Queries, call: Calls }>,
 *   consts: Record<string, Record<string, Codec>>,
 *   tx: Record<string, Record<string, (...args: unknown[]) => Call>> & ((call: unknown) => Call),
 * }} Api
 */

/**
 * An event and the block that it is of.
 * @typedef {{ block: number, section: string, method: string, data: Record<string, Codec> }} ChainEvent
 */

/**
 * Whether an event is the one that is looked for.
 * @typedef {(data: Record<string, Codec>, event: ChainEvent) => boolean} Fits
 */

/**
 * An event of a transaction, as the client gives it.
 * @typedef {{ event: Codec, phase: Codec }} EventRecord
 */

/**
 * Who waits for what comes of a transaction.
 * @typedef {{ resolve: (value: { hash: Codec, events: EventRecord[] }) => void, reject: (error: Error) => void }} Done
 */

/**
 * A node's present window: heights, and the bytes that it has to prove.
 * @typedef {{ period: number, now: number, opens: number, closes: number, proven: boolean, bytes: number }} Window
 */

/** One token in its smallest unit. */
export const STN = 10n ** 12n;

/** The account that takes slashes, fines and its part of each era. */
export const TREASURY = new Keyring({ ss58Format: 42 }).encodeAddress(Buffer.from('modlpy/trsry'.padEnd(32, '\0')));

/**
 * A connection whose client keeps the metadata that it began with. In a client that swaps them when the runtime is
 * upgraded, whatever is under way at that moment is decoded with types that are not its own.
 */
class OneRuntime extends WsProvider {
	/**
	 * @override
	 * @param {string} type
	 * @param {string} method
	 * @param {[unknown[], (error: Error | null, result: any) => void]} rest
	 */
	subscribe(type, method, ...rest) {
		return method === 'state_subscribeRuntimeVersion' ? Promise.resolve(method) : super.subscribe(type, method, ...rest);
	}
}

export class Chain {
	/** @type {string} */
	ws;
	/** @type {boolean} */
	final;
	/** @type {Api[]} Clients, the last one for the runtime in force. */
	clients;
	/** @type {OneRuntime} */
	provider;
	/** @type {Keyring} */
	keyring;
	/** @type {Set<(event: ChainEvent) => void>} */
	listeners;
	/** @type {ChainEvent[]} */
	history;
	/** @type {number} Of the last block that is read. */
	height;
	/** @type {string[]} Of the blocks that are read, by height. */
	hashes;
	/** @type {number} */
	attempts;
	/** @type {Promise<() => void>} What ends the subscription. */
	following;
	/** @type {Map<string, Promise<unknown>>} The newest submission of each account. */
	turns;

	/**
	 * With `final`, only what is final has happened: blocks are read, and transactions are done, once nothing undoes them.
	 *
	 * @param {string} ws
	 */
	static async connect(ws, { final = false } = {}) {
		const chain = new Chain();
		chain.ws = ws;
		chain.final = final;
		chain.clients = [];
		await chain.#renew();
		chain.keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });
		chain.listeners = new Set();
		chain.history = [];
		chain.height = 0;
		chain.hashes = [];
		chain.attempts = 0;
		chain.turns = new Map();
		let reading = Promise.resolve();
		const { subscribeFinalizedHeads, subscribeNewHeads } = chain.api.rpc.chain;
		chain.following = (final ? subscribeFinalizedHeads : subscribeNewHeads)((header) => {
			// What one attempt could not read the next one reads: the height moves only once a block is read.
			reading = reading.then(() => chain.#attempt(header)).catch(() => {});
		});
		await chain.following;
		return chain;
	}

	/** The client for the runtime in force. */
	get api() {
		return /** @type {Api} */ (this.clients.at(-1));
	}

	/**
	 * What is stored as of the newest block in the history: whoever has seen an event reads what it has changed. The
	 * client's own `query` gives answers that are up to two seconds old.
	 *
	 * @returns {Queries}
	 */
	get query() {
		return asOf((pallet, name) => {
			/** @type {(hash: unknown) => Promise<Item>} */
			const item = async (hash) => (await this.api.at(hash)).query[pallet][name];
			/** @type {(...keys: unknown[]) => Promise<Codec>} */
			const read = async (...keys) => (await item(this.newest()))(...keys);
			return Object.assign(read, {
				/** @type {Item['at']} */
				at: async (hash, ...keys) => (await item(hash))(...keys),
				/** @type {Item['entries']} */
				entries: async (...keys) => (await item(this.newest())).entries(...keys),
			});
		});
	}

	/**
	 * What the runtime answers as of the newest block in the history.
	 *
	 * @returns {Calls}
	 */
	get call() {
		return asOf((name, method) => async (...args) => (await this.api.at(this.newest())).call[name][method](...args));
	}

	/**
	 * State and runtime as of a block in the history.
	 *
	 * @param {number} block
	 */
	at(block) {
		return this.api.at(this.hashes[block]);
	}

	/** The hash of the newest block in the history. */
	newest() {
		return this.hashes[this.height] ?? this.api.genesisHash;
	}

	// Those before it stay connected, since somebody may still wait for an answer.
	async #renew() {
		const provider = new OneRuntime(this.ws);
		const client = await ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: false });
		this.clients.push(/** @type {Api} */ (/** @type {unknown} */ (client)));
		// Only now: what is sent meanwhile goes to the client that is connected.
		this.provider = provider;
	}

	/**
	 * A request may stay without an answer.
	 *
	 * @param {Codec} best
	 */
	async #attempt(best) {
		this.attempts += 1;
		const attempt = this.attempts;
		try {
			await within(10_000, () => this.#read(best, () => attempt === this.attempts));
		} finally {
			this.attempts += 1;
		}
	}

	/**
	 * Blocks are read once each, in order of height. Where several validators make blocks the best chain may change: what
	 * was read of blocks that are not in it any more is forgotten.
	 *
	 * @param {Codec} best
	 * @param {() => boolean} isCurrent
	 */
	async #read(best, isCurrent) {
		const missing = [];
		let header = best;
		for (let number = best.number.toNumber(); number > 0 && this.hashes[number] !== header.hash.toHex(); number -= 1) {
			missing.unshift({ number, hash: header.hash });
			if (number > 1) header = await this.api.rpc.chain.getHeader(header.parentHash);
		}
		for (const { number, hash } of missing) {
			const events = await (await this.api.at(hash)).query.system.events();
			if (events.some(({ event }) => event.section === 'system' && event.method === 'CodeUpdated')) await this.#renew();
			if (!isCurrent()) return;
			if (number <= this.height) this.history = this.history.filter(({ block }) => block < number);
			this.height = number;
			this.hashes[number] = hash.toHex();
			for (const { event } of events) {
				const seen = { block: number, section: event.section, method: event.method, data: this.#plain(event) };
				this.history.push(seen);
				for (const listener of [...this.listeners]) listener(seen);
			}
		}
	}

	/**
	 * @param {Codec} event
	 * @returns {Record<string, Codec>}
	 */
	#plain(event) {
		const names = event.meta.fields.map((field, index) => (field.name.isSome ? field.name.unwrap().toString() : String(index)));
		return Object.fromEntries(event.data.map((value, index) => [names[index], value]));
	}

	/** @param {string} suri */
	account(suri) {
		return this.keyring.addFromUri(suri);
	}

	/**
	 * Calls `listener` for every event from now on; returns what ends it.
	 *
	 * @param {(event: ChainEvent) => void} listener
	 */
	onEvent(listener) {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	/**
	 * All events seen so far with this name that fit.
	 *
	 * @param {string} section
	 * @param {string} method
	 * @param {Fits} [fits]
	 */
	seen(section, method, fits = () => true) {
		return this.history.filter((event) => event.section === section && event.method === method && fits(event.data, event));
	}

	/**
	 * The first event, past or future, with this name that fits.
	 *
	 * @param {string} section
	 * @param {string} method
	 * @param {number} seconds
	 * @param {Fits} [fits]
	 * @returns {Promise<ChainEvent>}
	 */
	event(section, method, seconds, fits = () => true) {
		const [past] = this.seen(section, method, fits);
		if (past) return Promise.resolve(past);
		return new Promise((resolve, reject) => {
			const end = this.onEvent((event) => {
				if (event.section !== section || event.method !== method || !fits(event.data, event)) return;
				clearTimeout(timer);
				end();
				resolve(event);
			});
			const late = () => {
				end();
				reject(new Error(`no event ${section}.${method} within ${seconds} s`));
			};
			// After a standstill it may be in a block that waits to be read.
			const timer = setTimeout(() => void this.reaches(this.height + 1, 15).then(late, late), seconds * 1000);
		});
	}

	/**
	 * Signs, submits, waits until it has happened and the events of its block are in the history; fails with the module
	 * error's name. `suri` may be a pair already.
	 *
	 * @param {Call} call
	 * @param {string | KeyringPair} suri
	 * @param {number} [seconds]
	 * @returns {Promise<EventRecord[]>}
	 */
	async submit(call, suri, seconds = 180) {
		const pair = typeof suri === 'string' ? this.account(suri) : suri;
		const { section, method } = call.method;
		const [outcome, done] = pending();
		const timer = setTimeout(() => done.reject(new Error(`${section}.${method} is not carried out after ${seconds} s`)), seconds * 1000);
		// One account's transactions are numbered in the order in which they are handed to the pool.
		const turn = (this.turns.get(pair.address) ?? Promise.resolve()).then(() => this.#watch(call, pair, done));
		this.turns.set(pair.address, turn.catch(() => {}));
		turn.catch(done.reject);
		try {
			const { hash, events } = await outcome;
			await this.#hasRead(hash);
			return events;
		} finally {
			clearTimeout(timer);
			turn.then((end) => end(), () => {});
		}
	}

	/**
	 * Hands a transaction to the pool; `done` gets what comes of it. Returns what ends the watch.
	 *
	 * @param {Call} call
	 * @param {KeyringPair} pair
	 * @param {Done} done
	 * @returns {Promise<() => void>}
	 */
	async #watch(call, pair, { resolve, reject }) {
		// It lives from a final block: with another one it would die where another fork wins.
		const [{ hash: blockHash, number: current }, nonce] = await Promise.all([
			this.#final(),
			this.api.rpc.system.accountNextIndex(pair.address),
		]);
		const era = this.api.createType('ExtrinsicEra', { current, period: 64 });
		return call.signAndSend(pair, { nonce, blockHash, era }, ({ status, dispatchError, events, internalError }) => {
			const isLost = status.isInvalid || status.isDropped || status.isUsurped || status.isFinalityTimeout;
			if (isLost) reject(new Error(status.type));
			else if (!(this.final ? status.isFinalized : status.isInBlock)) return;
			else if (dispatchError) reject(new Error(errorName(dispatchError)));
			else if (internalError) reject(internalError);
			else resolve({ hash: status.isFinalized ? status.asFinalized : status.asInBlock, events });
		});
	}

	/**
	 * Waits until the events of this block are in the history.
	 *
	 * @param {Codec} hash
	 */
	async #hasRead(hash) {
		const { number } = await this.api.rpc.chain.getHeader(hash);
		await this.reaches(number.toNumber());
	}

	/**
	 * Waits until the chain is at this height.
	 *
	 * @param {number} block
	 * @param {number} [seconds]
	 */
	reaches(block, seconds = 120) {
		return until(`block ${block}`, seconds, () => this.height >= block);
	}

	/**
	 * Hands octets to the pool as an extrinsic, without a look at them; fails with what the pool says.
	 *
	 * @param {ArrayLike<number>} octets
	 * @returns {Promise<unknown>}
	 */
	submitBytes(octets) {
		const extrinsic = this.api.createType('Bytes', `0x${Buffer.from(octets).toString('hex')}`);
		return this.provider.send('author_submitExtrinsic', [`0x${Buffer.from(extrinsic.toU8a()).toString('hex')}`]);
	}

	/**
	 * Hands a free call to the pool, as an agent does: a general transaction of extension version 0, immortal, with nonce, tip
	 * and metadata mode 0.
	 *
	 * @param {Call} call
	 */
	submitFree({ method }) {
		return this.submitBytes([0x45, 0, 0, 0, 0, 0, ...method.toU8a()]);
	}

	/** The newest final block. */
	async #final() {
		return this.api.rpc.chain.getHeader(await this.api.rpc.chain.getFinalizedHead());
	}

	async finalized() {
		return (await this.#final()).number.toNumber();
	}

	/**
	 * What the runtime says of a node's present window, in plain numbers.
	 *
	 * @param {number} node
	 * @returns {Promise<Window>}
	 */
	async window(node) {
		const page = (await this.call.substationApi.window(node)).unwrap();
		/** @type {(name: string) => number} */
		const number = (name) => page[name].toNumber();
		return {
			period: number('period'),
			now: number('now'),
			opens: number('opens'),
			closes: number('closes'),
			proven: page.proven.isTrue,
			bytes: page.frozen.total.toNumber(),
		};
	}

	/**
	 * Waits until the node's window, unproven and with something to prove, is as `fits` wants it.
	 *
	 * @param {number} node
	 * @param {string} what
	 * @param {(window: Window) => boolean} fits
	 * @param {number} [seconds]
	 */
	windowWhere(node, what, fits, seconds = 180) {
		return until(`a window of node ${node} that ${what}`, seconds, async () => {
			const window = await this.window(node);
			return window.bytes > 0 && !window.proven && fits(window) && window;
		});
	}

	/**
	 * Waits for a window of the node that has just opened, is not yet proven and has something to prove.
	 *
	 * @param {number} node
	 */
	freshWindow(node) {
		return this.windowWhere(node, 'has just opened', ({ now, opens }) => now >= opens && now <= opens + 2);
	}

	/** @param {number} node */
	proofs(node) {
		return this.seen('storageProofs', 'WindowProven', (e) => Number(e.node) === node);
	}

	/** @param {number} node */
	misses(node) {
		return this.seen('storageProofs', 'WindowsMissed', (e) => Number(e.node) === node);
	}

	/**
	 * The next proof of the node for `period` or a later one.
	 *
	 * @param {number} node
	 * @param {number} period
	 * @param {number} [seconds]
	 */
	provenFrom(node, period, seconds = 180) {
		return this.event('storageProofs', 'WindowProven', seconds, (e) => Number(e.node) === node && Number(e.period) >= period);
	}

	/**
	 * Waits until the node behind `ws` has what this chain has finalised now.
	 *
	 * @param {string} ws
	 */
	async synced(ws) {
		const other = await ApiPromise.create({ provider: new WsProvider(ws), noInitWarn: true });
		try {
			const height = await this.finalized();
			await until(`${ws} to reach block ${height}`, 180, async () => (await other.rpc.chain.getHeader()).number.toNumber() >= height);
		} finally {
			await other.disconnect();
		}
	}

	async disconnect() {
		(await this.following)?.();
		await Promise.all(this.clients.map((client) => client.disconnect()));
	}
}

/**
 * What will come of a transaction, and who is to be told.
 *
 * @returns {[Promise<{ hash: Codec, events: EventRecord[] }>, Done]}
 */
function pending() {
	/** @type {any} */
	let done;
	const outcome = new Promise((resolve, reject) => {
		done = { resolve, reject };
	});
	return [outcome, done];
}

/**
 * Functions by two names, made when they are asked for.
 *
 * @template T
 * @param {(outer: string, inner: string) => T} make
 * @returns {Record<string, Record<string, T>>}
 */
function asOf(make) {
	/** @type {<V>(value: (name: string) => V) => Record<string, V>} */
	const named = (value) => new Proxy({}, { get: (_, name) => value(String(name)) });
	return named((outer) => named((inner) => make(outer, inner)));
}

/**
 * A call's error as `pallet.Name` where a pallet has given it.
 *
 * @param {Codec} error
 * @returns {string}
 */
function errorName(error) {
	if (!error.isModule) return error.toString();
	const { section, name } = error.registry.findMetaError(error.asModule);
	return `${section}.${name}`;
}

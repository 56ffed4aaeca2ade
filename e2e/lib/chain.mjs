// The chain through @polkadot/api, as a user's own script would see it.
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { until } from './processes.mjs';

/** One token in its smallest unit. */
export const STN = 10n ** 12n;

/** The account that takes slashes, fines and its part of each era. */
export const TREASURY = new Keyring({ ss58Format: 42 }).encodeAddress(Buffer.from('modlpy/trsry'.padEnd(32, '\0')));

/**
 * A connection whose client keeps the metadata that it began with. In a client that swaps them when the runtime is
 * upgraded, whatever is under way at that moment is decoded with types that are not its own.
 */
class OneRuntime extends WsProvider {
	subscribe(type, method, ...rest) {
		return method === 'state_subscribeRuntimeVersion' ? Promise.resolve(method) : super.subscribe(type, method, ...rest);
	}
}

export class Chain {
	/** With `final`, only what is final has happened: blocks are read, and transactions are done, once nothing undoes them. */
	static async connect(ws, { final = false } = {}) {
		const chain = new Chain();
		chain.ws = ws;
		chain.final = final;
		/** Clients, the last one for the runtime in force. */
		chain.clients = [];
		await chain.#renew();
		chain.keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });
		chain.listeners = new Set();
		chain.history = [];
		chain.height = 0;
		chain.hashes = [];
		chain.attempts = 0;
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
		return this.clients.at(-1);
	}

	// Those before it stay connected, since somebody may still wait for an answer.
	async #renew() {
		this.provider = new OneRuntime(this.ws);
		this.clients.push(await ApiPromise.create({ provider: this.provider, noInitWarn: true, throwOnConnect: false }));
	}

	// A request may stay without an answer.
	async #attempt(best) {
		this.attempts += 1;
		const attempt = this.attempts;
		let timer;
		const late = new Promise((_, reject) => {
			timer = setTimeout(() => reject(new Error('no answer')), 10_000);
		});
		try {
			await Promise.race([this.#read(best, () => attempt === this.attempts), late]);
		} finally {
			clearTimeout(timer);
			this.attempts += 1;
		}
	}

	// Blocks are read once each, in order of height. Where several validators make blocks the best chain may change: what
	// was read of blocks that are not in it any more is forgotten.
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

	#plain(event) {
		const names = event.meta.fields.map((field, index) => (field.name.isSome ? field.name.unwrap().toString() : String(index)));
		return Object.fromEntries(event.data.map((value, index) => [names[index], value]));
	}

	account(suri) {
		return this.keyring.addFromUri(suri);
	}

	/** Calls `listener` for every event from now on; returns what ends it. */
	onEvent(listener) {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	/** All events seen so far with this name that fit. */
	seen(section, method, fits = () => true) {
		return this.history.filter((event) => event.section === section && event.method === method && fits(event.data, event));
	}

	/** The first event, past or future, with this name that fits. */
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
			const timer = setTimeout(() => {
				end();
				reject(new Error(`no event ${section}.${method} within ${seconds} s`));
			}, seconds * 1000);
		});
	}

	/** Signs, submits, waits until it has happened; fails with the module error's name. `suri` may be a pair already. */
	async submit(call, suri, seconds = 180) {
		const pair = typeof suri === 'string' ? this.account(suri) : suri;
		// It lives from a final block: with another one it would die where another fork wins.
		const { hash: blockHash, number: current } = await this.#final();
		const era = this.api.createType('ExtrinsicEra', { current, period: 64 });
		return new Promise((resolve, reject) => {
			let end;
			const timer = setTimeout(() => reject(new Error(`${call.method.section}.${call.method.method} is not carried out after ${seconds} s`)), seconds * 1000);
			const settle = (act) => {
				clearTimeout(timer);
				end?.();
				act();
			};
			call
				.signAndSend(pair, { nonce: -1, blockHash, era }, ({ status, dispatchError, events, internalError }) => {
					const isLost = status.isInvalid || status.isDropped || status.isUsurped || status.isFinalityTimeout;
					if (!isLost && !(this.final ? status.isFinalized : status.isInBlock)) return;
					if (isLost) settle(() => reject(new Error(status.type)));
					else if (dispatchError) settle(() => reject(new Error(errorName(dispatchError))));
					else if (internalError) settle(() => reject(internalError));
					else settle(() => resolve(events));
				})
				.then(
					(unsubscribe) => (end = unsubscribe),
					(error) => settle(() => reject(error)),
				);
		});
	}

	/** Waits until the chain is at this height. */
	reaches(block, seconds = 120) {
		return until(`block ${block}`, seconds, () => this.height >= block);
	}

	/** Hands octets to the pool as an extrinsic, without a look at them; fails with what the pool says. */
	submitBytes(octets) {
		const extrinsic = this.api.createType('Bytes', `0x${Buffer.from(octets).toString('hex')}`);
		return this.provider.send('author_submitExtrinsic', [`0x${Buffer.from(extrinsic.toU8a()).toString('hex')}`]);
	}

	/** Hands a free call to the pool, as an agent does: a general transaction of extension version 0, immortal, with nonce, tip and metadata mode 0. */
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

	/** What the runtime says of a node's present window, in plain numbers. */
	async window(node) {
		const page = (await this.api.call.substationApi.window(node)).unwrap();
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

	/** Waits until the node's window, unproven and with something to prove, is as `fits` wants it. */
	windowWhere(node, what, fits, seconds = 180) {
		return until(`a window of node ${node} that ${what}`, seconds, async () => {
			const window = await this.window(node);
			return window.bytes > 0 && !window.proven && fits(window) && window;
		});
	}

	/** Waits for a window of the node that has just opened, is not yet proven and has something to prove. */
	freshWindow(node) {
		return this.windowWhere(node, 'has just opened', ({ now, opens }) => now >= opens && now <= opens + 1);
	}

	proofs(node) {
		return this.seen('storageProofs', 'WindowProven', (e) => Number(e.node) === node);
	}

	misses(node) {
		return this.seen('storageProofs', 'WindowsMissed', (e) => Number(e.node) === node);
	}

	/** The next proof of the node for `period` or a later one. */
	provenFrom(node, period, seconds = 180) {
		return this.event('storageProofs', 'WindowProven', seconds, (e) => Number(e.node) === node && Number(e.period) >= period);
	}

	/** Waits until the node behind `ws` has what this chain has finalised now. */
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

/** A call's error as `pallet.Name` where a pallet has given it. */
function errorName(error) {
	if (!error.isModule) return error.toString();
	const { section, name } = error.registry.findMetaError(error.asModule);
	return `${section}.${name}`;
}

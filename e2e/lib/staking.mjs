// @ts-check
// Validators, nominators and what is final among several of them.
import { until } from './processes.mjs';

/**
 * @import { KeyringPair } from '@polkadot/keyring/types'
 * @import { Chain, Codec } from './chain.mjs'
 * @import { RunningNode } from './network.mjs'
 */

/**
 * An event of a final block; `first` if it came before every transaction, as what sessions and eras do.
 * @typedef {{ name: string, data: { [field: string]: Codec }, first: boolean }} BlockEvent
 */

/**
 * A final block. `planned` is the era that was elected last: from the last session of an era on it is the next one.
 * @typedef {object} Block
 * @property {number} number
 * @property {Codec} hash
 * @property {string} author
 * @property {string} authorKey
 * @property {number} session
 * @property {number} era
 * @property {number} planned
 * @property {{ name: string, signer: string | undefined }[]} calls
 * @property {BlockEvent[]} events
 */

/**
 * One request to a node of one's own, as its operator makes it.
 *
 * @param {RunningNode} node
 * @param {string} method
 * @param {unknown[]} [params]
 * @returns {Promise<any>}
 */
export async function operate(node, method, params = []) {
	const response = await fetch(node.ws.replace('ws:', 'http:'), {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
	});
	const { result, error } = /** @type {any} */ (await response.json());
	if (error) throw new Error(`${method}: ${error.message}`);
	return result;
}

/**
 * Makes new session keys in a node's keystore; returns them with the proof that `owner` may register them.
 *
 * @param {RunningNode} node
 * @param {KeyringPair} owner
 * @returns {Promise<{ keys: string, proof: string }>}
 */
export const rotateKeys = (node, owner) =>
	operate(node, 'author_rotateKeysWithOwner', [`0x${Buffer.from(owner.publicKey).toString('hex')}`]);

/**
 * Every block that is final, once, in order. Among several validators the best block may be given up again, so only
 * what is final is a record.
 */
export class Record {
	/** @type {Chain} */
	chain;
	/** @type {Block[]} By height, from block 1 on. */
	blocks;
	/** @type {Promise<() => void>} What ends the subscription. */
	following;

	/** @param {Chain} chain */
	static async follow(chain) {
		const record = new Record();
		record.chain = chain;
		record.blocks = [];
		let reading = Promise.resolve();
		record.following = chain.api.rpc.chain.subscribeFinalizedHeads((header) => {
			// What one attempt could not read the next one reads.
			reading = reading.then(() => record.#read(header.number.toNumber())).catch(() => {});
		});
		await record.following;
		return record;
	}

	/** @param {number} final */
	async #read(final) {
		while (this.blocks.length < final) this.blocks.push(await this.#block(this.blocks.length + 1));
	}

	/**
	 * @param {number} number
	 * @returns {Promise<Block>}
	 */
	async #block(number) {
		const { api, query } = this.chain;
		const { rpc } = api;
		const hash = await rpc.chain.getBlockHash(number);
		const [{ block }, events, validators, authorities, session, era, planned] = await Promise.all([
			rpc.chain.getBlock(hash),
			query.system.events.at(hash),
			query.session.validators.at(hash),
			query.babe.authorities.at(hash),
			query.session.currentIndex.at(hash),
			query.staking.activeEra.at(hash),
			query.staking.currentEra.at(hash),
		]);
		const author = authorOf(block.header);
		return {
			number,
			hash,
			author: validators[author].toString(),
			authorKey: authorities[author][0].toHex(),
			session: session.toNumber(),
			era: era.unwrap().index.toNumber(),
			planned: planned.unwrap().toNumber(),
			calls: block.extrinsics.map(({ method, isSigned, signer }) => ({
				name: `${method.section}.${method.method}`,
				signer: isSigned ? signer.toString() : undefined,
			})),
			events: events.map(({ event, phase }) => ({
				name: `${event.section}.${event.method}`,
				data: Object.fromEntries(event.meta.fields.map(({ name }, index) => [name.isSome ? name.unwrap().toString() : index, event.data[index]])),
				first: phase.isInitialization,
			})),
		};
	}

	/**
	 * The first final block, past or future, that fits.
	 *
	 * @param {string} what
	 * @param {number} seconds
	 * @param {(block: Block) => boolean} fits
	 */
	block(what, seconds, fits) {
		return until(what, seconds, () => this.blocks.find(fits));
	}

	/**
	 * The first final block, past or future, with an event of this name that fits.
	 *
	 * @param {string} name
	 * @param {number} seconds
	 * @param {(data: BlockEvent['data'], block: Block) => boolean} [fits]
	 */
	event(name, seconds, fits = () => true) {
		return this.block(`a final ${name}`, seconds, (block) => eventsOf(block, name).some(({ data }) => fits(data, block)));
	}

	async end() {
		(await this.following)();
	}
}

/**
 * The events of this name in a block.
 *
 * @param {Block} block
 * @param {string} name
 */
export const eventsOf = (block, name) => block.events.filter((event) => event.name === name);

/**
 * What an account got in a block before every transaction.
 *
 * @param {Block} block
 * @param {string} who
 */
export const depositedFirst = (block, who) =>
	eventsOf(block, 'balances.Deposit')
		.filter(({ first, data }) => first && data.who.toString() === who)
		.reduce((sum, { data }) => sum + data.amount.toBigInt(), 0n);

/**
 * Who made a block, as the index that its claim to the slot names: all kinds of claims begin with it.
 *
 * @param {Codec} header
 * @returns {number}
 */
function authorOf(header) {
	const [, claim] = header.digest.logs.find((log) => log.isPreRuntime).asPreRuntime;
	return Buffer.from(claim.toU8a(true)).readUInt32LE(1);
}

/**
 * What backs a validator in an era, as a block knows it: its own bond, and nominations by account.
 *
 * @param {Chain} chain
 * @param {Block} block
 * @param {number} era
 * @param {string} validator
 * @returns {Promise<{ own: bigint, nominations: { [account: string]: bigint } }>}
 */
export async function backing(chain, { hash }, era, validator) {
	const { staking } = chain.query;
	const { own, pageCount } = (await staking.erasStakersOverview.at(hash, era, validator)).unwrap();
	const pages = await Promise.all(
		Array.from({ length: pageCount.toNumber() }, (_, page) => staking.erasStakersPaged.at(hash, era, validator, page)),
	);
	const nominations = pages.flatMap((page) => page.unwrap().others.map(({ who, value }) => [who.toString(), value.toBigInt()]));
	return { own: own.toBigInt(), nominations: Object.fromEntries(nominations) };
}

/**
 * Bonds and nominates one validator. Rewards are added to the bond, or paid to the account with `payee` `Stash`.
 *
 * @param {Chain} chain
 * @param {string} suri
 * @param {bigint} amount
 * @param {string} validator
 * @param {'Staked' | 'Stash'} [payee]
 */
export const nominate = (chain, suri, amount, validator, payee = 'Staked') => {
	const { staking, utility } = chain.api.tx;
	return chain.submit(utility.batchAll([staking.bond(amount, payee), staking.nominate([validator])]), suri);
};

/**
 * Takes a nomination back and lets the bond run out.
 *
 * @param {Chain} chain
 * @param {string} suri
 * @param {bigint} amount
 */
export const leave = (chain, suri, amount) => {
	const { staking, utility } = chain.api.tx;
	return chain.submit(utility.batchAll([staking.chill(), staking.unbond(amount)]), suri);
};

/**
 * What of an account's money is bonded and not yet released, as a block knows it.
 *
 * @param {Chain} chain
 * @param {Block} block
 * @param {string} who
 * @returns {Promise<bigint>}
 */
export async function bonded(chain, { hash }, who) {
	const holds = await chain.query.balances.holds.at(hash, who);
	return holds.filter(({ id }) => id.isStaking).reduce((sum, { amount }) => sum + amount.toBigInt(), 0n);
}

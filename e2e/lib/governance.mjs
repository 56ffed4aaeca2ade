// @ts-check
// Token holders and their bodies, as scripts of theirs would act. Every account's transactions go one after the other.
import { STN } from './chain.mjs';
import { delay } from './processes.mjs';

/**
 * @import { KeyringPair } from '@polkadot/keyring/types'
 * @import { Call, Chain, Codec, EventRecord } from './chain.mjs'
 */

/** What the pool says when an upgrade, or another transaction, came in between: the transaction was not executed. */
const PASSING = /^(Invalid|Usurped|Dropped)$|1010|1014|bad signature|outdated/;

/** Seconds in which an upgrade that came in between is final, and the client one for the new runtime. */
const PASSING_SECONDS = 180;

// As `Weight` bounds of motions: more than any of these tests needs.
const MOTION_WEIGHT = { refTime: 100_000_000_000n, proofSize: 1_000_000n };

export class Governance {
	/** @param {Chain} chain */
	constructor(chain) {
		this.chain = chain;
		/** @type {Map<string, Promise<unknown>>} */
		this.queues = new Map();
		this.send = this.send.bind(this);
	}

	/**
	 * @template T
	 * @param {string} key
	 * @param {() => Promise<T>} act
	 * @returns {Promise<T>}
	 */
	#after(key, act) {
		const turn = (this.queues.get(key) ?? Promise.resolve()).then(act);
		this.queues.set(key, turn.catch(() => {}));
		return turn;
	}

	/**
	 * Sends a transaction when it is its account's turn, again if an upgrade came in between; gives its events.
	 *
	 * @param {Call} call
	 * @param {string | KeyringPair} who
	 * @returns {Promise<EventRecord[]>}
	 */
	send(call, who) {
		const pair = typeof who === 'string' ? this.chain.account(who) : who;
		return this.#after(pair.address, async () => {
			const deadline = Date.now() + PASSING_SECONDS * 1000;
			for (;;) {
				try {
					return await this.chain.submit(this.#fresh(call), pair);
				} catch (error) {
					if (Date.now() > deadline || !PASSING.test(/** @type {Error} */ (error).message)) throw error;
					await delay(3000);
				}
			}
		});
	}

	/**
	 * The same call for the runtime that is in force now.
	 *
	 * @param {Codec} call
	 */
	#fresh(call) {
		return this.chain.api.tx(call.method.toU8a ? this.chain.api.createType('Call', call.method.toHex()) : call);
	}

	/**
	 * Lets the first of these members act for the others in bodies: a motion then fits into one block.
	 *
	 * @param {string[]} members
	 */
	async appoint([leader, ...others]) {
		const { address } = this.chain.account(leader);
		await Promise.all(others.map((other) => this.send(this.chain.api.tx.proxy.addProxy(address, 'Governance', 0), other)));
	}

	/**
	 * Brings a motion of a body through, with the ayes of all these members; gives the events of its one block.
	 *
	 * @param {string} body
	 * @param {Call} call
	 * @param {string[]} members
	 */
	motion(body, call, members) {
		return this.#after(body, async () => this.#pass(members[0], await this.#steps(body, call, members)));
	}

	/**
	 * What the first member sends to propose a motion, to vote on it for all, and to close it.
	 *
	 * @param {string} body
	 * @param {Call} call
	 * @param {string[]} members
	 */
	async #steps(body, call, members) {
		const { api } = this.chain;
		const others = members.slice(1);
		const index = await this.chain.query[body].proposalCount();
		const length = call.method.encodedLength;
		const vote = api.tx[body].vote(call.method.hash, index, true);
		return [
			api.tx[body].propose(members.length, call, length),
			vote,
			...others.map((other) => api.tx.proxy.proxy(this.chain.account(other).address, 'Governance', vote)),
			api.tx[body].close(call.method.hash, index, MOTION_WEIGHT, length),
		];
	}

	/**
	 * Sends all steps or none.
	 *
	 * @param {string} leader
	 * @param {Call[]} steps
	 */
	async #pass(leader, steps) {
		const events = await this.send(this.chain.api.tx.utility.batchAll(steps), leader);
		for (const { event } of events) {
			if (event.method === 'Executed' && event.data[1]?.isErr) throw new Error(`a motion failed: ${event.data[1]}`);
		}
		return events;
	}

	/**
	 * The external way with a short vote: council, technical committee, one voter. Gives the referendum's index. It is known
	 * once its block is final, so the vote has to be open for longer than that and another transaction take. Its
	 * outcome is enacted as soon as it may be.
	 *
	 * @param {Call} call
	 * @param {string[]} members
	 * @param {string} voter
	 * @param {{ vote?: Codec, blocks?: number }} [options]
	 * @returns {Promise<number>}
	 */
	async fastTrack(call, members, voter, { vote = aye(1_000), blocks = 32 } = {}) {
		// The least delay, which is as long as the shortest vote.
		const wait = this.chain.api.consts.democracy.fastTrackVotingPeriod.toNumber();
		// In one block: a launch in between would table the proposal for a vote of the usual length.
		const index = await this.#after('council', () =>
			this.#after('technicalCommittee', async () => {
				const { externalProposeMajority, fastTrack } = this.chain.api.tx.democracy;
				const proposal = { Inline: call.method.toHex() };
				const steps = [
					...(await this.#steps('council', externalProposeMajority(proposal), members)),
					...(await this.#steps('technicalCommittee', fastTrack(call.method.hash, blocks, wait), members)),
				];
				return started(await this.#pass(members[0], steps));
			}),
		);
		await this.send(this.chain.api.tx.democracy.vote(index, vote), voter);
		return index;
	}

	/**
	 * Waits for the vote on the public proposal with this deposit; gives the referendum's index.
	 *
	 * @param {bigint} deposit
	 * @param {number} [seconds]
	 * @returns {Promise<number>}
	 */
	async launched(deposit, seconds = 120) {
		const { block } = await this.chain.event('democracy', 'Tabled', seconds, (e) => BigInt(e.deposit.toString()) === deposit);
		// A launch comes before everything else in its block.
		const start = await this.chain.event('democracy', 'Started', 30, (_, event) => event.block === block);
		return start.data.ref_index.toNumber();
	}

	/**
	 * The end of a referendum: the block from which it is decided.
	 *
	 * @param {number} index
	 * @returns {Promise<number>}
	 */
	async end(index) {
		const info = (await this.chain.query.democracy.referendumInfoOf(index)).unwrap();
		return (info.isOngoing ? info.asOngoing : info.asFinished).end.toNumber();
	}

	/**
	 * Waits until a referendum has passed, and gives the event.
	 *
	 * @param {number} index
	 * @param {number} [seconds]
	 */
	passed(index, seconds = 120) {
		return this.chain.event('democracy', 'Passed', seconds, (e) => Number(e.ref_index) === index);
	}
}

/**
 * An aye with so many STN and no conviction.
 *
 * @param {number} stn
 */
export const aye = (stn, conviction = 'None') => ({ Standard: { vote: { aye: true, conviction }, balance: BigInt(stn) * STN } });

/**
 * The index of the referendum that started in these events.
 *
 * @param {EventRecord[]} events
 * @returns {number}
 */
export function started(events) {
	const start = events.map(({ event }) => event).find((event) => event.section === 'democracy' && event.method === 'Started');
	if (!start) throw new Error('no referendum has started');
	return start.data[0].toNumber();
}

// @ts-check
// Who makes blocks, who stands behind them, and what it costs to sign twice: four validators on one chain, with sessions
// of 12 s and eras of three sessions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { STN, TREASURY } from '../lib/chain.mjs';
import { Network } from '../lib/network.mjs';
import { until } from '../lib/processes.mjs';
import { Record, backing, bonded, depositedFirst, eventsOf, leave, nominate, rotateKeys } from '../lib/staking.mjs';

/**
 * @import { Call, Chain } from '../lib/chain.mjs'
 * @import { RunningNode } from '../lib/network.mjs'
 * @import { Block, BlockEvent } from '../lib/staking.mjs'
 */

const PACE = { epochBlocks: 12, sessionsPerEra: 3 };
const ERA_SECONDS = 36;
/**
 * Seconds in which so many eras have surely begun and their first block is final.
 *
 * @type {(eras: number) => number}
 */
const secondsTo = (eras) => (eras + 1) * ERA_SECONDS + 30;

const NOMINATION = 1_000n * STN;
/**
 * What one offender of four loses: (3 / 4)².
 *
 * @type {(amount: bigint) => bigint}
 */
const slashed = (amount) => (amount * 9n) / 16n;

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Record} */
let record;
/** @type {{ [name: string]: RunningNode }} */
let nodes;
/** @type {(suri: string) => string} */
const address = (suri) => chain.account(suri).address;
/** @type {(name: string) => string} */
const stash = (name) => address(`//${name}//stash`);
const latest = () => /** @type {Block} */ (record.blocks.at(-1));
/** @type {(field: string, who: string) => (data: BlockEvent['data']) => boolean} */
const by = (field, who) => (data) => data[field].toString() === who;
/** @type {(since: Block) => Promise<Block>} */
const electionAfter = (since) => record.event('staking.StakersElected', secondsTo(1), (_, { number }) => number > since.number);

before(async () => {
	network = await Network.start({ preset: 'local', genesis: { pace: { lengths: PACE } }, nodeArgs: ['--state-pruning', 'archive'] });
	({ chain } = network);
	const [alice, bob, charlie, dave] = network.validators;
	nodes = { alice, bob, charlie, dave };
	record = await Record.follow(chain);
	// Early enough for the first election.
	await Promise.all(['//Ferdie', '//Ferdie//stash'].map((suri) => nominate(chain, suri, NOMINATION, stash('Dave'))));
	await record.block('the first final block', 60, () => true);
});
after(async () => {
	await record?.end();
	await network?.stop();
});

describe('four validators', { concurrency: 4 }, () => {
	test('a nomination counts from the next election until it is taken back, and its bond is released in time', async () => {
		const who = address('//Eve');
		await nominate(chain, '//Eve', NOMINATION, stash('Alice'));
		const elected = await electionAfter(await record.event('staking.Bonded', 30, by('stash', who)));

		const backed = await backing(chain, elected, elected.planned, stash('Alice'));
		assert.deepEqual(backed.nominations, { [who]: NOMINATION });
		const before = await backing(chain, elected, elected.planned - 1, stash('Alice'));
		assert.deepEqual(before, { own: backed.own, nominations: {} });

		await leave(chain, '//Eve', NOMINATION);
		const left = await record.event('staking.Unbonded', 30, by('stash', who));
		const next = await electionAfter(left);

		assert.deepEqual((await backing(chain, next, next.planned, stash('Alice'))).nominations, {});
		const due = left.planned + chain.api.consts.staking.bondingDuration.toNumber();
		const { unlocking } = (await chain.query.staking.ledger.at(left.hash, who)).unwrap();
		assert.deepEqual(unlocking.map(({ value, era }) => [value.toBigInt(), era.toNumber()]), [[NOMINATION, due]]);

		const withdraw = chain.api.tx.staking.withdrawUnbonded(0);
		await record.block('the era before the release', secondsTo(due - 1 - next.planned), ({ planned }) => planned === due - 1);
		await chain.submit(withdraw, '//Eve');
		await record.block('the era of the release', secondsTo(1), ({ planned }) => planned === due);
		await chain.submit(withdraw, '//Eve');
		const released = await record.event('staking.Withdrawn', 30, by('stash', who));

		assert.equal(released.planned, due, 'nothing is released before its time');
		assert.equal(await bonded(chain, released, who), 0n);
		assert.ok((await chain.query.staking.ledger.at(released.hash, who)).isNone);
	});

	test('who backed a validator in an era is paid for it when anybody asks, page by page and once', async () => {
		const [who, charlie] = [address('//Bob'), stash('Charlie')];
		await nominate(chain, '//Bob', NOMINATION, charlie, 'Stash');
		const elected = await electionAfter(await record.event('staking.Bonded', 30, by('stash', who)));
		const era = elected.planned;
		assert.deepEqual((await backing(chain, elected, era, charlie)).nominations, { [who]: NOMINATION });
		const ended = await record.block('the end of that era', secondsTo(2), (block) => block.era > era);
		/** @type {(number: number) => Call} */
		const page = (number) => chain.api.tx.staking.payoutStakersByPage(charlie, era, number);
		/** @type {() => Promise<bigint>} */
		/** @type {(block: Block) => Promise<bigint>} */
		const free = async ({ hash }) => (await chain.query.system.account.at(hash, who)).data.free.toBigInt();
		const before = await free(ended);

		await chain.submit(page(0), '//Alice');

		const paid = await record.event('staking.Rewarded', 30, by('stash', who));
		const rewards = eventsOf(paid, 'staking.Rewarded').map(({ data }) => [data.stash.toString(), data.amount.toBigInt()]);
		assert.deepEqual(rewards.map(([stash]) => stash).sort(), [charlie, who].sort());
		const { [who]: reward } = Object.fromEntries(rewards);
		assert.ok(reward > 0n);
		assert.equal(await free(paid), before + reward);
		const budget = (await chain.query.staking.erasValidatorReward(era)).unwrap().toBigInt();
		assert.ok(rewards.reduce((sum, [, amount]) => sum + amount, 0n) <= budget);
		await assert.rejects(chain.submit(page(0), '//Alice'), /staking\.AlreadyClaimed/);
		await assert.rejects(chain.submit(page(1), '//Alice'), /staking\.InvalidPage/);
	});

	test('new session keys make blocks from the next session but one, and only their owner can register them', async () => {
		const owner = chain.account('//Charlie//stash');
		const { keys, proof } = await rotateKeys(nodes.charlie, owner);
		const register = chain.api.tx.session.setKeys(keys, proof);

		await assert.rejects(chain.submit(register, '//Eve//stash'), /session\.InvalidProof/);
		await chain.submit(register, '//Charlie//stash');

		const registered = await record.block('the registration', 30, ({ calls }) =>
			calls.some(({ name, signer }) => name === 'session.setKeys' && signer === owner.address),
		);
		const { babe, grandpa } = (await chain.query.session.nextKeys.at(registered.hash, owner.address)).unwrap();
		const first = registered.session + 2;
		const authored = await record.block('a block with the new key', 120, ({ authorKey }) => authorKey === babe.toHex());
		assert.equal(authored.author, owner.address);
		const end = await record.block('the end of that session', 60, ({ session }) => session > authored.session);
		for (const { author, authorKey, session } of record.blocks.slice(0, end.number)) {
			if (author === owner.address) assert.equal(authorKey === babe.toHex(), session >= first, `the key in session ${session}`);
		}
		const voters = await chain.query.grandpa.authorities.at(end.hash);
		assert.ok(voters.some(([key]) => key.toHex() === grandpa.toHex()), 'the new keys vote on finality too');
	});

	// Three of four have to vote, so only one validator at a time may be in trouble.
	describe('one of them in trouble', { concurrency: 1 }, () => {
		/** @type {Block} */
		let reported;
		/** @type {number} */
		let offence;
		/** @type {Awaited<ReturnType<typeof backing>>} */
		let backed;
		/** @type {Block} */
		let left;

		test('without one of four the chain goes on; it returns on its folder and makes blocks again', async () => {
			await record.block('a block of the one that will go', 90, ({ author }) => author === stash('Bob'));
			await nodes.bob.daemon.stop('SIGKILL');
			const gone = latest().number;
			await until('eight more final blocks', secondsTo(1), () => latest().number >= gone + 8);

			const { name, args } = nodes.bob.settings;
			nodes.bob = await network.startNode(name, args, nodes.bob.settings);
			const back = latest().number;
			await record.block('a block of the one that is back', secondsTo(1), ({ number, author }) => number > back && author === stash('Bob'));
		});

		test('one that signs two blocks in a slot is reported by the nodes, and disabled for the rest of the era', async () => {
			const dave = stash('Dave');
			// So early in an era that the offence is reported in it; who leaves now still stands behind this era's validators.
			const { era: last } = latest();
			await record.block('the next era', secondsTo(1), ({ era }) => era > last);
			await leave(chain, '//Ferdie//stash', NOMINATION);
			// The same keys on a second machine, which does not vote: what it authors is its offence.
			const again = await network.startNode('dave-again', ['--chain', network.spec, '--dave', '--validator', '--no-grandpa']);
			reported = await record.event('staking.SlashReported', secondsTo(1), by('validator', dave));
			await again.daemon.stop();
			left = await record.event('staking.Unbonded', 30, by('stash', address('//Ferdie//stash')));

			assert.ok(reported.calls.some(({ name, signer }) => name === 'babe.reportEquivocationUnsigned' && !signer));
			const [{ data: report }] = eventsOf(reported, 'offences.Offence');
			assert.equal(Buffer.from(report.kind.toU8a()).toString(), 'babe:equivocatio');
			const [{ data: slash }] = eventsOf(reported, 'staking.SlashReported');
			// The era of the offence; its report may come in the next one.
			offence = slash.slash_era.toNumber();
			assert.ok(offence === reported.era || offence === reported.era - 1, `offence in era ${offence}`);
			assert.equal(slash.fraction.toBigInt(), slashed(1_000_000_000n));
			backed = await backing(chain, reported, offence, dave);
			assert.equal(backed.nominations[address('//Ferdie')], NOMINATION);

			const ended = await record.block('the end of the era', secondsTo(1), ({ era }) => era > reported.era);
			// Nobody is disabled for what was done in an era that is over.
			if (offence === reported.era) {
				assert.ok(eventsOf(reported, 'session.ValidatorDisabled').some(({ data }) => data.validator.toString() === dave));
				const meanwhile = record.blocks.slice(reported.number, ended.number - 1);
				assert.ok(meanwhile.every(({ author }) => author !== dave), 'a disabled validator makes no blocks');
			}
			await record.block('a block in the next era', secondsTo(1), ({ era, author }) => era > reported.era && author === dave);
		});

		test('its slash is deferred, then taken from its bond and from its nominators, also from those who leave', async () => {
			const { consts, tx } = chain.api;
			const { query } = chain;
			const [dave, leaver] = [stash('Dave'), address('//Ferdie//stash')];
			const due = offence + consts.staking.slashDeferDuration.toNumber() + 1;
			const [deferred, ...more] = await query.staking.unappliedSlashes.at(reported.hash, due);
			assert.deepEqual(more, []);
			const nominators = Object.entries(backed.nominations);
			const losses = { [dave]: slashed(backed.own), ...Object.fromEntries(nominators.map(([who, value]) => [who, slashed(value)])) };
			assert.deepEqual(
				{
					[deferred.validator]: deferred.own.toBigInt(),
					...Object.fromEntries(deferred.others.map(([who, amount]) => [who.toString(), amount.toBigInt()])),
				},
				losses,
			);

			const free = left.planned + consts.staking.bondingDuration.toNumber();
			const [applied, withdrawn] = await Promise.all([
				record.block('the era of the slash', secondsTo(due - latest().era), ({ era }) => era === due),
				record
					.block('the era of the release', secondsTo(free - latest().era), ({ planned }) => planned === free)
					.then(() => chain.submit(tx.staking.withdrawUnbonded(8), '//Ferdie//stash'))
					.then(() => record.event('staking.Withdrawn', 30, by('stash', leaver))),
			]);

			const before = record.blocks[applied.number - 2];
			const slashing = record.blocks.filter((block) => eventsOf(block, 'staking.Slashed').length > 0);
			assert.deepEqual(slashing.map(({ number }) => number), [applied.number]);
			for (const [who, loss] of Object.entries(losses)) {
				assert.equal((await bonded(chain, before, who)) - (await bonded(chain, applied, who)), loss, `what ${who} loses`);
			}
			const isOfLeaver = ({ data }) => by('stash', leaver)(data);
			const { data: release } = /** @type {BlockEvent} */ (eventsOf(withdrawn, 'staking.Withdrawn').find(isOfLeaver));
			assert.equal(release.amount.toBigInt(), NOMINATION - (losses[leaver] ?? 0n), 'leaving does not save from the slash');

			const total = Object.values(losses).reduce((sum, loss) => sum + loss, 0n);
			const [reporter] = deferred.reporters.map(String);
			assert.equal(reporter, reported.author);
			assert.equal(depositedFirst(applied, reporter), 0n, 'nobody is paid for a report');
			// The era that ends here has its own part for the treasury.
			const [{ data: paid }] = eventsOf(applied, 'staking.EraPaid');
			assert.equal(depositedFirst(applied, TREASURY), total + paid.remainder.toBigInt());
		});
	});
});

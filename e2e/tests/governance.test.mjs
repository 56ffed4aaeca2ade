// @ts-check
// Token holders govern one running chain: scenarios side by side, while two nodes store, prove and are upgraded.
// The examples of docs/governance.md do what they can do here.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { blake2AsHex, xxhashAsHex } from '@polkadot/util-crypto';
import { STN, TREASURY } from '../lib/chain.mjs';
import { randomFile } from '../lib/files.mjs';
import { Governance, aye } from '../lib/governance.mjs';
import { Network, substation, upgrade } from '../lib/network.mjs';
import { until } from '../lib/processes.mjs';
import { AsyncFunction, snippets } from '../lib/snippets.mjs';

/**
 * @import { Call, Chain, Codec, EventRecord } from '../lib/chain.mjs'
 * @import { Provider, Stored } from '../lib/network.mjs'
 */

// The first council and technical committee of a development chain.
const MEMBERS = ['//Alice', '//Bob', '//Charlie'];
/**
 * Voters act on what is final, some seconds after it was said: a vote is open for 60 s. Windows are open for 32 s: nodes that
 * take over a new runtime side by side stand still for some.
 */
const PACE = { launchPeriod: 20, votingPeriod: 60, enactmentPeriod: 10, termDuration: 80, clock: { period: 40, window: 32 } };
const EVIDENCE = `0x${'ab'.repeat(32)}`;

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Governance} */
let holders;
/** @type {Awaited<ReturnType<typeof snippets>>} */
let page;
/** @type {Provider} */
let worker;
/** @type {Provider} */
let agent;
/** @type {number[]} */
let kept;
/** @type {number} */
let disputed;

const api = () => chain.api;
/**
 * Runs an example of the page for this account.
 *
 * @type {(name: string, who: string, names?: Record<string, unknown>) => Promise<any>}
 */
const example = (name, who, names = {}) =>
	page[name]({ api: api(), me: chain.account(who), send: holders.send, ...names });
/** @type {(suri: string) => Promise<bigint>} */
const free = async (who) => (await chain.query.system.account(chain.account(who).address)).data.free.toBigInt();
/** @type {(value: Codec) => bigint} */
const big = (value) => BigInt(value.toString());

before(async () => {
	page = await snippets('governance.md');
	network = await Network.start({ preset: 'local', genesis: { pace: { lengths: PACE } } });
	({ chain } = network);
	holders = new Governance(chain);
	[worker, agent] = await Promise.all([
		network.addProvider('worker', '//Bob', { fullNode: true }),
		network.addProvider('agent', '//Charlie'),
	]);
	const file = await randomFile(path.join(network.folder, 'file'), (1 << 20) + 7);
	const other = await randomFile(path.join(network.folder, 'other'), 100_000);
	/** @type {(name: string, file: string, nodes: number[]) => Promise<Stored['deals']>} */
	const store = async (name, file, nodes) => (await network.customer(name, `//${name}`).store(file, nodes, 60)).deals;
	const [both, one] = await Promise.all([
		store('Eve', file, [worker.node, agent.node]),
		store('Ferdie', other, [agent.node]),
	]);
	kept = both.map(({ deal }) => deal);
	[{ deal: disputed }] = one;
	// Transactions of one account wait for each other, so those that have little time are of accounts with nothing else to do.
	const names = ['One', 'Two', 'Three', 'Four', 'Voter', 'Judge'];
	await Promise.all([holders.appoint(MEMBERS), ...names.map((name) => network.fund(name))]);
});
after(() => network?.stop());

/** @type {(value?: unknown) => void} When the first upgrade is over. */
let firstUpgrade;
const upgraded = new Promise((resolve) => (firstUpgrade = resolve));

/**
 * Brings the chain to another runtime while a window of the worker's node is open; gives that window. The referendum that
 * authorises it makes `other` calls, too.
 *
 * @param {string} name
 * @param {Call[]} other
 */
async function upgradeTo(name, ...other) {
	const code = await readFile(upgrade(name));
	const version = api().runtimeVersion.specVersion.toNumber() + 1;
	const authorise = await page.authorize({ api: api(), code, blake2: blake2AsHex });
	const call = other.length === 0 ? authorise : api().tx.utility.batchAll([authorise, ...other]);
	await holders.fastTrack(call, MEMBERS, '//Voter');
	await chain.event('system', 'UpgradeAuthorized', 120, (e) => e.code_hash.toHex() === blake2AsHex(code));

	const window = await chain.freshWindow(worker.node);
	await example('upgrade', '//Two', { code });
	await until(`version ${version}`, 180, () => api().runtimeVersion.specVersion.toNumber() === version);
	// The block that brings the code is still made by the old one; the next one migrates.
	await chain.reaches(chain.height + 2);
	return window;
}

describe('on one chain', { concurrency: true }, () => {
	test('a setting is changed by referendum, with a delegated vote', async () => {
		const before = (await chain.query.settings.market()).acceptanceTime.toNumber();
		await example('delegate', '//One', { to: chain.account('//Eve').address, balance: 50n * STN });
		await example('propose', '//Dave');
		const referendum = await holders.launched(100n * STN);
		assert.ok((await page.follow({ api: api(), console: { log() {} } })) >= 1);
		await example('vote', '//Eve', { referendum, balance: 100n * STN });
		const { tally } = (await chain.query.democracy.referendumInfoOf(referendum)).unwrap().asOngoing;
		// Twice Eve's hundred, once One's fifty.
		assert.equal(tally.ayes.toBigInt(), 250n * STN);

		const changed = await chain.event('settings', 'MarketChanged', 120);

		assert.equal(changed.data.settings.acceptanceTime.toNumber(), before + 1);
		assert.equal((await chain.query.settings.market()).acceptanceTime.toNumber(), before + 1);
		await example('undelegate', '//One');
	});

	test('a runtime upgrade passes while a window is open: no restart, no proof lost, older agents say that they are old', async () => {
		const constant = () => api().consts.democracy.maxProposals.toNumber();
		assert.equal(constant(), 100);
		const programs = () => Promise.all([worker, agent].map(async (provider) => (await network.status(provider)).chain.program));
		for (const program of await programs()) assert.deepEqual([program.newerExists, program.api, program.cannot], [false, 1, []]);
		const daemons = [...network.validators, worker.fullNode].map(({ daemon }) => daemon).concat(worker.agent, agent.agent);
		const pids = daemons.map(({ child }) => child.pid);

		const { period } = await upgradeTo('constant').finally(firstUpgrade);

		assert.equal(constant(), 101);
		// It has a pallet, a setting, and methods that answer more; the agents are of the release before it.
		assert.equal((await chain.call.substationApi.nodePage2(agent.node)).unwrap().page.id.toNumber(), agent.node);
		for (const program of await programs()) {
			assert.deepEqual([program.newerExists, program.api, program.knownApi, program.cannot], [true, 2, 1, []]);
		}
		const { stdout } = await substation(['status', '--data', agent.data]);
		assert.match(stdout, /^program: a newer release exists/m);
		const at = chain.height;
		const proof = await chain.provenFrom(worker.node, period);
		assert.equal(Number(proof.data.period), period, 'the open window was proven');
		await chain.reaches(at + 5);
		await until('finality under the new runtime', 180, async () => (await chain.finalized()) > at);
		assert.deepEqual(daemons.map(({ child }) => child.pid), pids);
		assert.ok(daemons.every(({ outcome }) => outcome === undefined), 'everything still runs');
		const next = await chain.provenFrom(agent.node, Number(proof.data.period) + 1);
		assert.ok(next.block > at);
	});

	test('a second upgrade migrates state over several blocks, in which calls wait and nobody is fined', async () => {
		await upgraded;
		const deals = (await chain.query.storageMarket.deals.entries()).map(([, deal]) => deal.unwrap().customer.toString());

		const { period } = await upgradeTo('migration', api().tx.novelty.setNote(7));
		assert.equal((await chain.call.substationApi.settings2()).note.toNumber(), 7);
		const migration = await Promise.all(
			['UpgradeStarted', 'UpgradeCompleted'].map((method) => chain.event('multiBlockMigrations', method, 120)),
		);

		const [first, last] = migration.map(({ block }) => block);
		assert.ok(last > first + 1, `it takes several blocks: ${first} to ${last}`);
		for (let block = first; block <= last; block++) {
			const hash = await api().rpc.chain.getBlockHash(block);
			const { extrinsics } = (await api().rpc.chain.getBlock(hash)).block;
			assert.deepEqual(extrinsics.map(({ method }) => method.section), ['timestamp']);
		}
		assert.deepEqual((await chain.query.pace.interrupted()).toJSON(), [{ first, last }]);

		/** @type {(name: string) => string} */
		const item = (name) => `${xxhashAsHex('Rehearsal', 128)}${xxhashAsHex(name, 128).slice(2)}`;
		assert.equal(/** @type {Codec} */ (await api().rpc.state.getStorage(item('Version'))).toHex(), '0x0100');
		const keys = await api().rpc.state.getKeysPaged(item('DealsOfCustomer'), 100);
		const counts = await Promise.all(
			keys.map(async (key) => {
				const value = /** @type {Codec} */ (await api().rpc.state.getStorage(key));
				const count = Buffer.from(value.toHex().slice(2), 'hex').readUInt32LE();
				return [api().createType('AccountId', `0x${key.toHex().slice(-64)}`).toString(), count];
			}),
		);
		/** @type {{ [customer: string]: number }} */
		const expected = {};
		for (const customer of deals) expected[customer] = (expected[customer] ?? 0) + 1;
		assert.deepEqual(Object.fromEntries(counts), expected);
		await chain.provenFrom(worker.node, period);
	});

	test('a treasury spend is approved by the council and paid out', async () => {
		const beneficiary = chain.account('//Beneficiary').address;
		const amount = 500n * STN;
		await holders.send(api().tx.balances.transferKeepAlive(TREASURY, 1_000n * STN), '//Two');
		const spend = await page.spend({ api: api(), amount, beneficiary });

		const events = await holders.motion('council', spend, MEMBERS);
		const isApproval = ({ event }) => event.section === 'treasury' && event.method === 'AssetSpendApproved';
		const { event: approved } = /** @type {EventRecord} */ (events.find(isApproval));
		const index = approved.data[0].toNumber();
		await example('payout', '//Two', { index });

		assert.equal(await free('//Beneficiary'), amount);
		await chain.event('treasury', 'Paid', 30, (e) => Number(e.index) === index);
		// A second payout is refused.
		await assert.rejects(example('payout', '//Two', { index }), /AlreadyAttempted/);
	});

	test('a council is elected at the end of a term', async () => {
		const dave = chain.account('//Dave').address;
		const council = async () => (await chain.query.council.members()).map(String);
		assert.ok(!(await council()).includes(dave));

		// Votes first: who stands at the end of a term without any loses the deposit.
		await example('elect', '//Eve', { who: [dave], balance: 1_000n * STN });
		await example('stand', '//Dave');
		await chain.event('elections', 'NewTerm', 300, (e) => e.new_members.some(([who]) => who.toString() === dave));

		assert.ok((await council()).includes(dave));
		const seats = (await chain.query.elections.members()).map(({ who }) => who.toString());
		assert.deepEqual([...seats].sort(), (await council()).sort());
	});

	test('a dispute is decided by the council and overturned by token holders', async () => {
		const deal = disputed;
		const record = async () => (await chain.query.storageMarket.deals(deal)).unwrap();
		const { rate } = await record();
		const { nextUnsettled, last } = (await record()).state.asActive;
		const bond = rate.toBigInt() * 1_000n + 10n * STN;
		await example('dispute', '//Ferdie', { deal, evidence: EVIDENCE, bond });
		await assert.rejects(holders.send(api().tx.storageMarket.settle(deal), '//Three'), /Disputed/);
		await example('answer', '//Charlie', { deal, evidence: EVIDENCE });
		await holders.motion('council', api().tx.disputes.decide(deal, 'Rejected'), MEMBERS);
		assert.ok((await chain.query.disputes.disputes(deal)).unwrap().stage.asDecided.verdict.isRejected);
		await assert.rejects(example('execute', '//Two', { deal }), /NotFinal/);
		await assert.rejects(example('concede', '//Two', { deal }), /NotOperator/);

		await holders.fastTrack(api().tx.disputes.overturn(deal, 'Upheld'), MEMBERS, '//Judge');

		const overturned = await chain.event('disputes', 'DisputeOverturned', 120, (e) => Number(e.deal) === deal);
		assert.ok(overturned.data.from.isRejected && overturned.data.to.isUpheld);
		const { data } = await chain.event('disputes', 'DisputeExecuted', 60, (e) => Number(e.deal) === deal);
		const periods = BigInt(last.toNumber() + 1 - nextUnsettled.toNumber());
		assert.equal(big(data.refunded), periods * rate.toBigInt());
		assert.equal(big(data.forfeited), 10n * STN);
		assert.ok((await chain.query.disputes.disputes(deal)).isNone);
	});

	test('a malicious proposal is cancelled by the council before it passes', async () => {
		const victim = (await chain.query.settings.proofs()).toHex();
		// It would erase every tunable.
		const evil = api().tx.system.killPrefix(xxhashAsHex('Settings', 128), 100);
		const deposit = 300n * STN;
		await holders.send(api().tx.democracy.propose({ Inline: evil.method.toHex() }, deposit), '//Ferdie');
		const index = await holders.launched(deposit);
		const end = await holders.end(index);
		const counted = async () => (await chain.query.democracy.referendumInfoOf(index)).unwrap().asOngoing.tally.ayes.gtn(0);
		const cancel = async () => {
			await until('his vote to be in a block', 60, counted);
			await holders.motion('council', api().tx.democracy.emergencyCancel(index), MEMBERS);
		};
		await Promise.all([holders.send(api().tx.democracy.vote(index, aye(100_000)), '//Ferdie'), cancel()]);

		await chain.event('democracy', 'Cancelled', 30, (e) => Number(e.ref_index) === index);
		assert.ok((await chain.query.democracy.referendumInfoOf(index)).isNone);
		await chain.reaches(end + 6);
		assert.equal((await chain.query.settings.proofs()).toHex(), victim);
	});

	test('a call is paused by the council, rejected by name, and works again once the pause is lifted', async () => {
		const names = { pallet: 'Balances', name: 'burn' };
		const burn = () => holders.send(api().tx.balances.burn(STN, true), '//Three');

		await holders.motion('council', await page.pause({ api: api(), ...names }), MEMBERS);
		await assert.rejects(burn(), /CallFiltered/);
		await holders.motion('council', await page.lift({ api: api(), ...names }), MEMBERS);
		await burn();
	});

	test('a vote with conviction cannot be moved before its lock is over', async () => {
		const who = '//Hodler';
		await holders.send(api().tx.balances.transferKeepAlive(chain.account(who).address, 1_000n * STN), '//Two');
		const remark = api().tx.system.remarkWithEvent('locked');
		const index = await holders.fastTrack(remark, MEMBERS, who, { vote: aye(900, 'Locked4x') });
		const end = await holders.end(index);
		await holders.passed(index);
		// Four times: eight enactment periods.
		const freeAt = end + 8 * api().consts.democracy.enactmentPeriod.toNumber();
		const move = api().tx.balances.transferKeepAlive(chain.account('//Two').address, 500n * STN);

		await example('unlock', who, { referendum: index });
		await assert.rejects(holders.send(move, who), /Frozen/);
		assert.ok(chain.height < freeAt, 'the attempt was early');
		await chain.reaches(freeAt);
		await holders.send(api().tx.democracy.unlock(chain.account(who).address), who);
		await holders.send(move, who);

		assert.ok((await free(who)) < 500n * STN);
	});

	test('a motion that needs one aye only is carried out when a member makes it', async () => {
		const call = api().tx.system.remark('0x01');

		await example('motion', '//Charlie', { call, threshold: 1 });

		await chain.event('council', 'Executed', 30, (e) => e.proposal_hash.toHex() === call.method.hash.toHex());
	});

	test('the page\'s first example connects and sends', async () => {
		const code = page.connect.code.replace(/^import .*$/m, '').replace('ws://127.0.0.1:9944', network.validator.ws);
		const connect = new AsyncFunction('ApiPromise', 'Keyring', 'WsProvider', `${code}\nreturn { api, me, send };`);
		const client = await connect(ApiPromise, Keyring, WsProvider);
		try {
			const events = await client.send(client.api.tx.system.remarkWithEvent('hello'), chain.account('//Four'));
			assert.ok(events.some(({ event }) => event.method === 'Remarked'));
		} finally {
			await client.api.disconnect();
		}
	});
});

test('no window of any node was missed, whatever was governed meanwhile', async () => {
	for (const provider of [worker, agent]) {
		await until('three proofs', 240, () => chain.proofs(provider.node).length >= 3);
		assert.deepEqual(chain.misses(provider.node), []);
		const periods = chain.proofs(provider.node).map(({ data }) => Number(data.period));
		assert.deepEqual(periods, periods.map((_, index) => periods[0] + index));
	}
	for (const deal of kept) {
		await holders.send(api().tx.storageMarket.settle(deal), '//Two');
		const { data } = await chain.event('storageMarket', 'DealSettled', 30, (e) => Number(e.deal) === deal);
		assert.equal(data.missed.toNumber(), 0);
	}
});

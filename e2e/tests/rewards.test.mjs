// @ts-check
// What a provider earns besides its customers' payments: credited by proofs and settlements, shown by its agent, claimed
// in one transaction, and accounted for to the planck. Eras of 20 s.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { randomFile } from '../lib/files.mjs';
import { Network, substation } from '../lib/network.mjs';
import { lastJson, until } from '../lib/processes.mjs';
import { snippets } from '../lib/snippets.mjs';

/**
 * @import { Chain } from '../lib/chain.mjs'
 * @import { Provider, SubstationOptions } from '../lib/network.mjs'
 * @import { RunResult } from '../lib/processes.mjs'
 */

const PACE = { epochBlocks: 10, sessionsPerEra: 2 };

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Provider} */
let provider;
/** @type {number} */
let deal;
/** @type {number} The era in which the first settlement was credited. */
let credited;

/** @type {() => Promise<{ [part: string]: bigint }>} */
const supply = async () => {
	const page = await chain.call.substationApi.supplyPage();
	return Object.fromEntries(['genesis', 'issuance', 'budgeted', 'max', 'minted', 'burned', 'burnedByCalls', 'burnedSeen'].map((name) => [name, page[name].toBigInt()]));
};
/** @type {() => Promise<number>} */
/** @type {() => Promise<any>} */
const status = async () => JSON.parse((await substation(['status', '--data', provider.data, '--rpc', provider.ws, '--json'])).stdout).chain;
/** @type {(args: string[], options?: SubstationOptions) => Promise<RunResult>} */
const claim = (args, options) => substation(['claim', '--data', provider.data, '--rpc', provider.ws, '--suri', '//Ferdie', ...args], options);

before(async () => {
	network = await Network.start({ genesis: { pace: { lengths: PACE } } });
	({ chain } = network);
	provider = await network.addProvider('bob', '//Bob');
	const file = await randomFile(path.join(network.folder, 'file'), (1 << 20) + 7);
	const stored = await network.customer('eve', '//Eve').store(file, [provider.node], 50);
	[{ deal }] = stored.deals;
});
after(() => network?.stop());

test('what proofs and settlements are worth is credited and shown', async () => {
	const first = await chain.provenFrom(provider.node, 0);
	// By then the window of the first proof has closed.
	await chain.provenFrom(provider.node, Number(first.data.period) + 1);
	await chain.submit(chain.api.tx.storageMarket.settle(deal), '//Eve');

	const settled = await chain.event('storageMarket', 'DealSettled', 20, (e) => Number(e.deal) === deal);
	const usage = (settled.data.burned.toBigInt() * 8n) / 10n;
	// As of that block: an era may end right after it.
	const { substationApi } = (await chain.at(settled.block)).call;
	const [storage] = await substationApi.rewardsOfNode(provider.node);
	const known = storage.credited.toBigInt() + storage.pending.toBigInt();
	credited = (await substationApi.supplyPage()).era.toNumber();
	assert.ok(usage > 0n && known >= usage, `${known} of ${usage}`);
	const { rewards } = await status();
	assert.deepEqual(rewards.map(({ kind }) => kind), ['storage']);
});

test('anybody\'s claim pays the operator what proofs and payments of eras before have earned, once', async () => {
	const { rewards, claimable } = await until('the agent to have seen the end of that era', 100, async () => {
		const seen = await status();
		return seen.rewards[0].era > credited && seen;
	});
	const [{ pending }] = rewards;
	assert.equal(claimable, pending);
	const before = await supply();

	const { stdout } = await claim(['--json']);

	const { claimed, paid } = lastJson(stdout);
	assert.deepEqual(claimed.map(({ for: earned }) => earned), [`storage of node ${provider.node}`]);
	assert.ok(BigInt(paid) >= BigInt(pending) && BigInt(pending) > 0n);
	const { data } = await chain.event('rewards', 'Claimed', 20);
	assert.equal(data.to.toString(), chain.account('//Bob').address);
	assert.equal(data.amount.toString(), paid);
	// More than what was burned could bring: the bond has earned something, too.
	const burned = chain.seen('storageMarket', 'DealSettled').reduce((sum, event) => sum + event.data.burned.toBigInt(), 0n);
	assert.ok(BigInt(paid) > (burned * 8n) / 10n, `${paid} for ${burned} burned`);
	assert.ok((await supply()).minted >= before.minted + BigInt(paid));

	// An era that ends in between brings something to claim, once.
	await until('another claim to be refused', 60, async () => {
		const { stderr } = await claim(['--node', String(provider.node)], { expectFailure: true });
		return /nothing to claim/.test(stderr);
	});
});

test('anybody can see that all tokens are accounted for', async () => {
	const { genesis, issuance, budgeted, max, minted, burned, burnedByCalls, burnedSeen } = await supply();
	assert.equal(genesis + minted - issuance, burned);
	assert.ok(burned >= burnedByCalls && burnedByCalls > 0n);
	assert.ok(burned >= burnedSeen && burnedSeen > 0n);
	assert.ok(minted > 0n && minted <= budgeted && budgeted <= max);
});

test('anybody can see that every pot holds what it owes', async () => {
	const pots = await network.audit();
	for (const pot of ['accounts', 'escrow', 'dealDeposit', 'nodeDeposit', 'storageBond']) {
		assert.ok(pots[pot].owed > 0n && pots[pot].held === pots[pot].owed, pot);
	}
	assert.ok(pots.rewards.held >= pots.rewards.owed);

	// The same without the program, as the page shows it.
	const page = await snippets('economy.md');
	let line = '';
	await page.supply({ api: chain.api, console: { log: (text) => (line = text) } });
	assert.match(line, /^era \d+: minted [1-9]\d* of [1-9]\d* budgeted, burned [1-9]\d*$/);
	const { Accounts, Escrow, DealDeposit, StorageBond, Rewards } = await page.audit({ api: chain.api, console: { table: () => undefined } });
	for (const { held, owed } of [Accounts, Escrow, DealDeposit, StorageBond]) assert.ok(owed > 0n && held === owed);
	assert.ok(Rewards.held >= Rewards.owed);
});

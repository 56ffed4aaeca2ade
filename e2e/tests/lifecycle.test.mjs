// @ts-check
// One file's whole life on a real chain: stored, proven, paid, ended early, closed, cleared.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { STN } from '../lib/chain.mjs';
import { b3sum, randomFile, sha256, storedFiles } from '../lib/files.mjs';
import { Network, substation } from '../lib/network.mjs';
import { lastJson, until } from '../lib/processes.mjs';

/**
 * @import { Chain, ChainEvent } from '../lib/chain.mjs'
 * @import { Provider, Stored } from '../lib/network.mjs'
 */

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Provider} */
let worker;
/** @type {Provider} */
let agent;
/** @type {string} */
let file;
/** @type {Stored} */
let stored;
/** @type {{ [node: number]: number }} */
let deals;

/** @type {(provider: Provider) => ChainEvent[]} */
const proofsOf = (provider) => chain.seen('storageProofs', 'WindowProven', (e) => Number(e.node) === provider.node);

before(async () => {
	network = await Network.start();
	({ chain } = network);
	worker = await network.addProvider('bob', '//Bob', { fullNode: true });
	agent = await network.addProvider('charlie', '//Charlie');
	file = await randomFile(path.join(network.folder, 'file'), (5 << 20) + 123);
	stored = await network.customer('eve', '//Eve').store(file, [worker.node, agent.node], 50);
	deals = Object.fromEntries(stored.deals.map(({ node, deal }) => [node, deal]));
});
after(() => network?.stop());

test('the name of the stored content is what b3sum prints', () => {
	assert.equal(stored.hash, b3sum(file));
	assert.equal(stored.deals.length, 2);
});

test('a deal holds its whole escrow on the customer', async () => {
	const deal = (await chain.query.storageMarket.deals(deals[agent.node])).unwrap();
	const account = await chain.query.system.account(chain.account('//Eve').address);
	assert.ok(account.data.reserved.toBigInt() >= 2n * deal.rate.toBigInt() * 50n);
});

// b6
test('a dry run says what copies cost before anything is held, and finds those that there are', async () => {
	const proposals = () => chain.seen('storageMarket', 'DealProposed').length;
	const before = proposals();
	const length = (5 << 20) + 123;
	const { rate, deposit } = (await chain.query.storageMarket.deals(deals[agent.node])).unwrap();
	const args = [file, '--node', String(agent.node), '--periods', '50', '--json', '--dry-run'];

	const plan = lastJson((await network.customer('ferdie', '//Ferdie').read('store', args)).stdout);

	const toHold = String(rate.toBigInt() * 50n + deposit.toBigInt());
	const { task, deal, cap, here, ...copy } = plan.copies[0];
	assert.deepEqual([task, deal, copy.rate, copy.toHold], ['propose', null, rate.toString(), toHold]);
	assert.deepEqual([cap, here], [10 * 2 ** 30 - length, length], 'the node has the blob already');
	assert.deepEqual([plan.hash, plan.bytes, plan.toHold, plan.toUpload], [stored.hash, length, toHold, 0]);

	const again = lastJson((await network.customer('eve', '//Eve').command('store', args)).stdout);
	assert.deepEqual([again.copies[0].task, again.copies[0].deal, again.toHold], ['keep', deals[agent.node], '0']);
	assert.equal(proposals(), before);
});

// 0.3
test('what cannot be uploaded before the proposal expires is refused before anything is held', async () => {
	const other = await randomFile(path.join(network.folder, 'other'), 1 << 20);
	const before = chain.seen('storageMarket', 'DealProposed').length;
	const args = [other, '--node', String(agent.node), '--periods', '50', '--upload-rate', '1kbit'];

	const { stderr } = await network.customer('ferdie', '//Ferdie').command('store', args, { expectFailure: true });

	assert.match(stderr, /1 MiB take about 2 h .+ a proposal waits 1 min 15 s for its bytes: split the file/);
	assert.equal(chain.seen('storageMarket', 'DealProposed').length, before);
});

test('blocks are finalised', async () => {
	await until('finality', 30, async () => (await chain.finalized()) > 3);
});

test('an off-chain worker and an agent each prove every window, from the first one due', async () => {
	for (const provider of [worker, agent]) {
		await until(`${provider.name} to prove two periods`, 200, () => proofsOf(provider).length >= 2);
		const first = Number((await chain.query.storageMarket.deals(deals[provider.node])).unwrap().state.asActive.first);
		const periods = proofsOf(provider).map(({ data }) => Number(data.period));
		assert.deepEqual(periods, periods.map((_, index) => first + index), `${provider.name} proved ${periods}`);
	}
	assert.equal(chain.seen('storageProofs', 'WindowsMissed').length, 0);
});

test('settlement pays proven periods by the deal\'s shares, to the unit', async () => {
	const deal = deals[agent.node];
	const rate = (await chain.query.storageMarket.deals(deal)).unwrap().rate.toBigInt();
	await chain.submit(chain.api.tx.storageMarket.settle(deal), '//Ferdie');
	const { data } = await chain.event('storageMarket', 'DealSettled', 20, (e) => Number(e.deal) === deal);
	const parts = ['provider', 'burned', 'treasury'].map((name) => data[name].toBigInt());
	assert.equal(parts[0] + parts[1] + parts[2], rate * data.proven.toBigInt());
	assert.ok(data.proven.toNumber() >= 1);
	assert.equal(data.missed.toNumber(), 0);
	assert.ok(parts.every((part) => part > 0n));
});

test('the file comes back identical from each node', async () => {
	for (const provider of [worker, agent]) {
		const copy = path.join(network.folder, `copy-${provider.name}`);
		await network.customer(`reader-${provider.name}`, '//Eve').fetch(stored.hash, copy, [provider.node]);
		assert.equal(await sha256(copy), await sha256(file));
	}
});

test('status says why a node earns, in words and as JSON', async () => {
	const words = await substation(['status', '--data', agent.data, '--rpc', agent.ws]);
	assert.match(words.stdout, /^earning: /m);
	const { stdout } = await substation(['status', '--data', agent.data, '--rpc', agent.ws, '--json']);
	const status = JSON.parse(stdout);
	assert.equal(status.running, true);
	assert.equal(status.node, agent.node);
	assert.equal(status.deals.accepted, 1);
	assert.deepEqual(status.damage, []);
	assert.equal(status.chain.earning, true, status.chain.reason);
	assert.equal(status.chain.strikes, 0);
	assert.equal(status.chain.fined, '0');
	assert.equal(BigInt(status.chain.bond), 1_000n * STN);
	assert.ok(BigInt(status.chain.requiredBond) > 0n);
});

test('nodes and deals are listed for scripts', async () => {
	const eve = network.customer('eve', '//Eve');
	/** @type {(left: number, right: number) => number} */
	const byNumber = (left, right) => left - right;
	const nodes = JSON.parse((await eve.read('nodes', ['--json'])).stdout);
	assert.deepEqual(nodes.map(({ node }) => node).sort(byNumber), [worker.node, agent.node].sort(byNumber));
	assert.ok(nodes.every(({ takesDeals, region, deals }) => takesDeals && region === 'CH' && deals === 1));
	const known = JSON.parse((await eve.read('deals', ['--json'])).stdout);
	const found = JSON.parse((await eve.read('deals', ['--json', '--customer', chain.account('//Eve').address])).stdout);
	for (const mine of [known, found]) {
		assert.deepEqual(mine.map(({ deal }) => deal).sort(byNumber), Object.values(deals).sort(byNumber));
		assert.ok(mine.every(({ hash, state }) => hash === stored.hash && state === 'active'));
	}
});

test('metrics are served for Prometheus', async () => {
	const text = await (await network.http(agent, '/metrics'))?.text() ?? '';
	assert.match(text, /^# TYPE substation_agent_acceptances counter$/m);
	assert.match(text, /^substation_agent_acceptances_total [1-9]/m);
	assert.match(text, new RegExp(`^substation_agent_stored_bytes ${(5 << 20) + 123}$`, 'm'));
	assert.match(text, /^substation_agent_damaged_bytes 0$/m);
});

test('a deal that its customer ends early is closed by anyone and cleared by the agent, which then deletes the bytes', async () => {
	const deal = deals[agent.node];
	await network.customer('eve', '//Eve').command('end-deal', [String(deal)]);
	await chain.event('storageMarket', 'DealEndedEarly', 20, (e) => Number(e.deal) === deal);
	await until('the last window to close', 150, async () => {
		await chain.submit(chain.api.tx.storageMarket.close(deal), '//Ferdie').catch((error) => {
			assert.match(error.message, /^storageMarket\.NotOver$/);
			throw error;
		});
		return true;
	}, 2000);
	await chain.event('storageMarket', 'SlotCleared', 60, (e) => Number(e.deal) === deal);
	assert.ok((await chain.query.storageMarket.deals(deal)).isNone);
	// Until the window of the clear's period has closed they may be asked for; then the agent looks every twenty blocks.
	await until('the bytes to be deleted', 180, async () => (await storedFiles(agent.data)).length === 0);
});

test('a node that owes nothing leaves and unbonds; its bond waits for the unbonding time', async () => {
	const base = ['--data', agent.data, '--rpc', agent.ws, '--suri', '//Charlie'];
	const record = async () => (await chain.query.registry.nodes(agent.node)).unwrap();
	await substation(['leave', ...base]);
	assert.ok((await record()).status.isLeaving);
	await substation(['unbond', ...base]);
	const { status } = await record();
	assert.ok(status.isUnbonding, status.toString());
	assert.ok(status.asUnbonding.until.toNumber() > chain.height);
	const { stderr } = await substation(['withdraw', ...base], { expectFailure: true });
	assert.match(stderr, /StillUnbonding/);
	const account = await chain.query.system.account(chain.account('//Charlie').address);
	assert.ok(account.data.reserved.toBigInt() >= 1_000n * STN, 'the bond is still held');
});

test('a node with a running deal may leave and not unbond', async () => {
	const base = ['--data', worker.data, '--rpc', worker.ws, '--suri', '//Bob'];
	await substation(['leave', ...base]);
	const { stderr } = await substation(['unbond', ...base], { expectFailure: true });
	assert.match(stderr, /StillObliged/);
	const period = (await chain.window(worker.node)).period;
	await chain.provenFrom(worker.node, period + 1);
});

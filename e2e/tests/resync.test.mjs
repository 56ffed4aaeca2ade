// @ts-check
// Folders and full nodes that are behind the chain: a full node that lost its database, a data folder from a backup.
//
// A period has 24 s, a window 16: deals are accepted in three of them.
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { randomFile, sha256, storedFiles } from '../lib/files.mjs';
import { Network, substation } from '../lib/network.mjs';
import { until } from '../lib/processes.mjs';

/**
 * @import { Chain } from '../lib/chain.mjs'
 * @import { Provider, Stored } from '../lib/network.mjs'
 */

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;

before(async () => {
	network = await Network.start({ genesis: { pace: { lengths: { clock: { period: 24, window: 16 } } } } });
	({ chain } = network);
});
after(() => network?.stop());

/**
 * Has a file stored by a customer of its own.
 *
 * @param {Provider} provider
 * @param {string} name
 * @param {number} bytes
 */
async function stored(provider, name, bytes) {
	const [file, suri] = await Promise.all([randomFile(path.join(network.folder, name), bytes), network.fund(name)]);
	/** @type {Stored} */
	const { hash, deals } = await network.customer(`customer-of-${name}`, suri).store(file, [provider.node], 100);
	const deal = deals[0].deal;
	const { data } = await chain.event('storageMarket', 'DealAccepted', 60, (e) => Number(e.deal) === deal);
	return { file, hash, deal, first: Number(data.first) };
}

/** @type {(provider: Provider) => Promise<string[]>} */
const sumsOf = async ({ data }) => (await Promise.all((await storedFiles(data)).map(sha256))).sort();

describe('what is behind the chain', { concurrency: 2 }, () => {
	test('a full node that is wiped and syncs anew costs no byte, and no window after the sync', async () => {
		const provider = await network.addProvider('wiped', await network.fund('wiped'), { fullNode: true, worker: false });
		const deals = [await stored(provider, 'first', 1_000_000)];
		for (const name of ['second', 'third']) {
			const { first } = deals[deals.length - 1];
			await until('the next period', 60, async () => (await chain.window(provider.node)).period >= first);
			deals.push(await stored(provider, name, 1_000_000));
		}
		assert.equal(new Set(deals.map(({ first }) => first)).size, 3, 'accepted in three periods');
		const sums = (await Promise.all(deals.map(({ file }) => sha256(file)))).sort();

		// First it finds nobody, and shows the chain's beginning; then it syncs.
		const { settings } = provider.fullNode;
		await provider.fullNode.daemon.stop('SIGKILL');
		await rm(settings.basePath, { recursive: true });
		const alone = { ...settings, args: [...settings.args, '--out-peers', '0', '--in-peers', '0'] };
		provider.fullNode = await network.startNode(settings.name, settings.args, alone);
		const report = await until('the agent to say so', 60, async () => {
			const { chain: report } = await network.statusNow(provider);
			return /older final state|the node is syncing/.test(report.reason) && report;
		});
		assert.equal(report.earning, false);
		assert.deepEqual(await sumsOf(provider), sums);
		await provider.fullNode.daemon.stop();
		provider.fullNode = await network.startNode(settings.name, settings.args, settings);
		await chain.synced(provider.ws);

		const { period } = await chain.window(provider.node);
		await chain.provenFrom(provider.node, period + 1);
		await chain.provenFrom(provider.node, period + 2);
		const late = chain.misses(provider.node).filter(({ data }) => Number(data.first) + Number(data.count) > period + 1);
		assert.deepEqual(late, []);
		assert.deepEqual(await sumsOf(provider), sums, 'every byte is there');
		const { chain: now } = await network.status(provider);
		assert.deepEqual([now.local.accepted, now.deletion, now.unclaimed, now.missing], [3, null, null, []]);
	});

	test('a data folder from a backup learns what came since, names what it lacks, and takes it in', async () => {
		const provider = await network.addProvider('backed-up', await network.fund('backed-up'));
		const backup = path.join(network.folder, 'backup');
		/** @type {(from: string, to: string) => Promise<void>} */
		const copy = (from, to) => cp(from, to, { recursive: true });
		const old = await stored(provider, 'old', 1_000_000);
		await provider.agent.stop();
		await copy(provider.data, backup);
		await network.startAgent(provider);
		const young = await stored(provider, 'young', 3_000_000);
		await chain.provenFrom(provider.node, young.first);
		await provider.agent.stop('SIGKILL');

		// All of the folder is older.
		await rm(provider.data, { recursive: true });
		await copy(backup, provider.data);
		await network.startAgent(provider);
		const report = await until('the status to name what is missing', 60, async () => {
			const { chain: report } = await network.statusNow(provider);
			return report?.missing?.length > 0 && report;
		});
		assert.deepEqual(report.missing, [{ root: young.hash, bytes: 3_000_000, deals: [young.deal] }]);
		assert.equal(report.earning, false);
		assert.ok(report.words.some((line) => line.includes('`substation restore FILE`')), report.words.join('\n'));
		await provider.agent.stop();
		const other = await substation(['restore', old.file, '--data', backup]);
		assert.match(other.stdout, new RegExp(old.hash));
		const wrong = await randomFile(path.join(network.folder, 'wrong'), 1_000);
		const { stderr } = await substation(['restore', wrong, '--data', provider.data], { expectFailure: true });
		assert.match(stderr, /which no deal of this folder needs/);
		const { stdout } = await substation(['restore', young.file, '--data', provider.data]);
		assert.match(stdout, new RegExp(`for deals ${young.deal}`));

		// Now only the journal is.
		await copy(path.join(backup, 'journal.redb'), path.join(provider.data, 'journal.redb'));
		await network.startAgent(provider);
		const { period } = await chain.window(provider.node);
		await chain.provenFrom(provider.node, period + 1);
		const { chain: now } = await network.status(provider);
		assert.deepEqual([now.local.accepted, now.missing], [2, []]);
		assert.deepEqual(await sumsOf(provider), (await Promise.all([old.file, young.file].map(sha256))).sort());
	});
});

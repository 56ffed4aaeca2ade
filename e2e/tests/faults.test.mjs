// What goes wrong in the field, and must not cost a provider or a customer anything.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { randomFile, storedFiles, wipe } from '../lib/files.mjs';
import { AGENT, Network } from '../lib/network.mjs';
import { Daemon, run, until } from '../lib/processes.mjs';

const MEBIBYTE = 1 << 20;
let network;
let chain;

before(async () => {
	network = await Network.start();
	({ chain } = network);
});
after(() => network?.stop());

/** A provider with an account of its own. */
const newProvider = async (name, options) => network.addProvider(name, await network.fund(name), options);

/** A customer with an account of its own. */
const newCustomer = async (name) => network.customer(name, await network.fund(name));

/** A provider with one small deal, accepted. */
async function busyProvider(name, options) {
	const provider = await newProvider(name, options);
	const file = await randomFile(path.join(network.folder, `file-${name}`), MEBIBYTE + 7);
	const { hash, deals } = await (await newCustomer(`customer-of-${name}`)).store(file, [provider.node], 100);
	return { provider, file, hash, deal: deals[0].deal };
}

const accepted = (node) => chain.seen('storageMarket', 'DealAccepted', (e) => Number(e.node) === node);

describe('faults', { concurrency: true }, () => {
	test('an agent killed while it receives goes on where it was', async () => {
		const provider = await newProvider('receiving');
		const file = await randomFile(path.join(network.folder, 'large'), 256 * MEBIBYTE);
		const storing = (await newCustomer('patient')).store(file, [provider.node], 50);
		await provider.agent.line(/fetching from the customer/, 90);
		await provider.agent.stop('SIGKILL');
		await network.startAgent(provider);
		const { deals } = await storing;
		assert.equal(accepted(provider.node).length, 1);
		const window = await chain.freshWindow(provider.node);
		await chain.provenFrom(provider.node, window.period);
		assert.equal(Number(accepted(provider.node)[0].data.deal), deals[0].deal);
	});

	test('an agent killed while it accepts has the deal, once', async () => {
		const provider = await newProvider('accepting');
		const file = await randomFile(path.join(network.folder, 'accepting-file'), MEBIBYTE);
		const storing = (await newCustomer('customer-of-accepting')).store(file, [provider.node], 50);
		await provider.agent.line(/acceptance sent/, 90);
		await provider.agent.stop('SIGKILL');
		await network.startAgent(provider);
		await storing;
		assert.equal(accepted(provider.node).length, 1);
		const first = Number(accepted(provider.node)[0].data.first);
		const proof = await chain.provenFrom(provider.node, first);
		assert.equal(Number(proof.data.period), first, 'the first due window is proven');
	});

	test('an agent killed while it proves misses nothing', async () => {
		const { provider } = await busyProvider('proving');
		await provider.agent.line(/proof sent/, 150);
		await provider.agent.stop('SIGKILL');
		await network.startAgent(provider);
		const [first] = accepted(provider.node).map(({ data }) => Number(data.first));
		await chain.provenFrom(provider.node, first + 1, 150);
		assert.deepEqual(chain.misses(provider.node), []);
	});

	test('a full node restarted in an open window still gets the proof in', async () => {
		const { provider } = await busyProvider('restarted', { fullNode: true, worker: false });
		const window = await chain.freshWindow(provider.node);
		provider.fullNode = await network.restartNode(provider.fullNode);
		const proof = await chain.provenFrom(provider.node, window.period);
		assert.equal(Number(proof.data.period), window.period);
	});

	test('a chain out of reach for a whole window costs that window, and the next is proven', async () => {
		const { provider } = await busyProvider('cut-off', { fullNode: true, worker: false });
		const window = await chain.freshWindow(provider.node);
		await provider.fullNode.daemon.stop();
		await until('the window to close', 60, () => chain.height >= window.closes);
		provider.fullNode = await network.startNode(
			provider.fullNode.settings.name,
			provider.fullNode.settings.args,
			provider.fullNode.settings,
		);
		const proof = await chain.provenFrom(provider.node, window.period + 1);
		assert.equal(Number(proof.data.period), window.period + 1);
		const [missed] = chain.misses(provider.node);
		assert.equal(Number(missed.data.count), 1);
		assert.equal(missed.data.fined.toBigInt(), 0n, 'a first miss is not fined');
	});

	test('a forest update in an open window does not disturb the proof of what was frozen', async () => {
		const { provider, file } = await busyProvider('racing');
		const window = await chain.freshWindow(provider.node);
		const second = await randomFile(path.join(network.folder, 'racing-second'), 3 * MEBIBYTE);
		const storing = (await newCustomer('racer')).store(second, [provider.node], 50);
		const proof = await chain.provenFrom(provider.node, window.period);
		assert.equal(Number(proof.data.period), window.period);
		assert.equal(Number(proof.data.bytes), MEBIBYTE + 7, `only ${file} was frozen`);
		await storing;
		const later = await chain.event(
			...['storageProofs', 'WindowProven', 150],
			(e) => Number(e.node) === provider.node && Number(e.bytes) === 4 * MEBIBYTE + 7,
		);
		assert.ok(later, 'both files are challenged later');
	});

	test('an off-chain worker and an agent that prove the same window do not harm each other', async () => {
		const { provider } = await busyProvider('both', { fullNode: true, worker: true, agent: true });
		const [first] = accepted(provider.node).map(({ data }) => Number(data.first));
		await chain.provenFrom(provider.node, first + 1, 150);
		const periods = chain.proofs(provider.node).map(({ data }) => Number(data.period));
		assert.deepEqual(periods, [...new Set(periods)], 'each window is proven once');
		assert.deepEqual(chain.misses(provider.node), []);
	});

	test('a customer who disappears in mid-transfer leaves no trace but a refundable proposal', async () => {
		const provider = await newProvider('patient-node');
		const file = await randomFile(path.join(network.folder, 'vanishing'), 256 * MEBIBYTE);
		const data = path.join(network.folder, 'vanisher');
		const suri = await network.fund('vanisher');
		const store = new Daemon('vanisher', AGENT, [
			...['store', file, '--data', data, '--rpc', network.validator.ws, '--suri', suri],
			...['--node', String(provider.node), '--periods', '50'],
		]);
		await provider.agent.line(/fetching from the customer/, 90);
		await store.stop('SIGKILL');
		const small = await randomFile(path.join(network.folder, 'small'), 1000);
		await (await newCustomer('steady')).store(small, [provider.node], 10);
		const [proposal] = chain.seen('storageMarket', 'DealProposed', (e) => Number(e.node) === provider.node);
		const deal = Number(proposal.data.deal);
		await until('the proposal to expire', 150, async () => {
			await chain.submit(chain.api.tx.storageMarket.withdrawProposal(deal), '//Ferdie');
			return true;
		}, 4000);
		const account = await chain.api.query.system.account(chain.account(suri).address);
		assert.equal(account.data.reserved.toBigInt(), 0n, 'everything is released');
	});

	test('damage on the disk is named in status before a window finds it', async () => {
		const { provider, deal } = await busyProvider('scratched');
		const [file] = await storedFiles(provider.data);
		await wipe(file, 300 * 1024, 301 * 1024);
		const status = await until('the scrub to name the damage', 120, async () => {
			const status = await network.status(provider);
			return status?.damage?.length > 0 && status;
		});
		assert.ok(JSON.stringify(status).includes(path.basename(file).split('.')[0]), `names the content of deal ${deal}`);
	});

	test('a second agent on one data folder refuses to start and says which process has it', async () => {
		const provider = await newProvider('alone');
		const { code, stderr } = await run(AGENT, ['run', '--data', provider.data, '--rpc', provider.ws], { timeout: 30 });
		assert.notEqual(code, 0);
		assert.match(stderr, new RegExp(`in use|${provider.agent.child.pid}`));
		assert.ok((await network.http(provider, '/v1/node')).ok, 'the first goes on');
	});

	test('a full disk refuses the deal by name and harms nothing else', async (context) => {
		const data = path.join(network.folder, 'tiny-disk');
		await mkdir(data);
		const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', data]);
		if (mounted.code !== 0) return context.skip('mounting a small disk needs root');
		try {
			const provider = await newProvider('tiny', { data });
			const small = await randomFile(path.join(network.folder, 'fits'), MEBIBYTE);
			await (await newCustomer('fitting')).store(small, [provider.node], 20);
			const big = await randomFile(path.join(network.folder, 'too-big'), 64 * MEBIBYTE);
			const refused = await (await newCustomer('too-much')).store(big, [provider.node], 20, { expectFailure: true, timeout: 120 });
			assert.ok(refused !== undefined);
			assert.ok(provider.agent.lines.some((line) => /disk|space/i.test(line)), 'the log names the disk');
			const window = await chain.freshWindow(provider.node);
			await chain.provenFrom(provider.node, window.period);
			await provider.agent.stop();
		} finally {
			await run('umount', ['-l', data]);
		}
	});
});

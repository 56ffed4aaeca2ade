// @ts-check
// What goes wrong in the field, and must not cost a provider or a customer anything.
//
// One chain for all: a period has 40 s, a window 24, a proposal waits 80. A deal that is accepted in a period is first due in
// the next one, so its first proof comes within two periods.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { blobNames, durableBytes, randomFile, sha256, storedFiles, wipe } from '../lib/files.mjs';
import { AGENT, Network } from '../lib/network.mjs';
import { Daemon, run, until } from '../lib/processes.mjs';

/**
 * @import { Chain, ChainEvent } from '../lib/chain.mjs'
 * @import { Customer, Provider, ProviderOptions } from '../lib/network.mjs'
 */

const MEBIBYTE = 1 << 20;
/** What an agent makes durable at one time while it receives. */
const CHECKPOINT = 64 * MEBIBYTE;
const SMALL = MEBIBYTE + 7;
/** @type {Network} */
let network;
/** @type {Chain} */
let chain;

before(async () => {
	network = await Network.start({ genesis: { pace: { lengths: { clock: { period: 40, window: 24 } } } } });
	({ chain } = network);
});
after(() => network?.stop());

/** @type {(name: string, bytes: number) => Promise<string>} */
const makeFile = (name, bytes) => randomFile(path.join(network.folder, name), bytes);

/**
 * A provider with an account of its own.
 *
 * @type {(name: string, options?: ProviderOptions) => Promise<Provider>}
 */
const newProvider = async (name, options) => network.addProvider(name, await network.fund(name), options);

/**
 * A customer with an account of its own.
 *
 * @type {(name: string) => Promise<Customer>}
 */
const newCustomer = async (name) => network.customer(name, await network.fund(name));

/**
 * Begins to store; a failure is told to whoever waits for it, later.
 *
 * @param {Customer} customer
 * @param {[file: string, nodes: number[], periods: number]} job
 */
function storing(customer, ...job) {
	const done = customer.store(...job);
	done.catch(() => {});
	return { done };
}

/**
 * A provider with one small deal, accepted, and the first period that is due.
 *
 * @param {string} name
 * @param {ProviderOptions} [options]
 */
async function busyProvider(name, options) {
	const [provider, customer] = await Promise.all([newProvider(name, options), newCustomer(`customer-of-${name}`)]);
	const file = await makeFile(`file-${name}`, SMALL);
	const { hash, deals } = await customer.store(file, [provider.node], 100);
	const { data } = await accepted(deals[0].deal);
	return { provider, file, hash, deal: deals[0].deal, first: Number(data.first) };
}

/** @type {(deal: number) => Promise<ChainEvent>} */
const accepted = (deal) => chain.event('storageMarket', 'DealAccepted', 90, (e) => Number(e.deal) === deal);
/** @type {(node: number) => ChainEvent[]} */
const acceptances = (node) => chain.seen('storageMarket', 'DealAccepted', (e) => Number(e.node) === node);

/** @type {(suri: string) => Promise<bigint>} */
const reserved = async (suri) => (await chain.query.system.account(chain.account(suri).address)).data.reserved.toBigInt();

/** @param {Provider} provider */
async function crash(provider) {
	await provider.agent.stop('SIGKILL');
	await network.startAgent(provider);
}

describe('full nodes and agents', { concurrency: 2 }, () => {
	// These restart full nodes against the clock, so few of them at one time.
	describe('faults of full nodes', { concurrency: 2 }, () => {
		test('a chain out of reach for a whole window costs that window, and the next is proven', async () => {
			const { provider, first } = await busyProvider('cut-off', { fullNode: true, worker: false });
			// Cut off between two windows, so that no proof is on its way.
			const proven = Number((await chain.provenFrom(provider.node, first)).data.period);
			await provider.fullNode.daemon.stop();
			const report = await until('the agent to say so', 30, async () => {
				const { chain: report } = await network.statusNow(provider);
				return /^the chain is unreachable at /.test(report.reason) && report;
			});
			assert.equal(report.earning, false);
			await until('the next window to close', 120, async () => (await chain.window(provider.node)).period > proven + 1);
			const { name, args } = provider.fullNode.settings;
			provider.fullNode = await network.startNode(name, args, provider.fullNode.settings);
			const proof = await chain.provenFrom(provider.node, proven + 1);
			assert.equal(Number(proof.data.period), proven + 2);
			const [missed, ...others] = chain.misses(provider.node);
			assert.deepEqual(others, []);
			assert.equal(Number(missed.data.first), proven + 1);
			assert.equal(Number(missed.data.count), 1);
			assert.equal(missed.data.fined.toBigInt(), 0n, 'a first miss is not fined');
		});

		test('an off-chain worker and an agent that prove the same window do not harm each other', async () => {
			const { provider, first } = await busyProvider('both', { fullNode: true, worker: true, agent: true });
			await chain.provenFrom(provider.node, first + 1, 240);
			const periods = chain.proofs(provider.node).map(({ data }) => Number(data.period));
			assert.deepEqual(periods, [first, first + 1], 'each window is proven once');
			assert.deepEqual(chain.misses(provider.node), []);
		});
	});

	describe('faults of agents, customers and disks', { concurrency: 4 }, () => {
		test('an agent killed while it receives goes on where it was', async () => {
			const [provider, customer] = await Promise.all([newProvider('receiving'), newCustomer('patient')]);
			// So large that it is not complete before the test looks.
			const file = await makeFile('large', 6 * CHECKPOINT);
			const { done } = storing(customer, file, [provider.node], 50);
			await until('the first checkpoint', 90, async () => (await durableBytes(provider.data)) >= CHECKPOINT, 5);
			await provider.agent.stop('SIGKILL');
			const kept = await durableBytes(provider.data);
			assert.ok(kept >= CHECKPOINT && kept < 6 * CHECKPOINT, `${kept} bytes had arrived`);
			await network.startAgent(provider);
			// What is new is only ever added to what was kept.
			let least = Infinity;
			const watched = until('the rest', 120, async () => {
				const arrived = await durableBytes(provider.data);
				if (arrived > 0) least = Math.min(least, arrived);
				return acceptances(provider.node).length > 0;
			}, 20);
			const [{ deals }] = await Promise.all([done, watched]);
			assert.ok(least >= kept, `went back from ${kept} to ${least} bytes`);
			assert.deepEqual(acceptances(provider.node).map(({ data }) => Number(data.deal)), [deals[0].deal]);
			const [stored] = await storedFiles(provider.data);
			assert.equal(await sha256(stored), await sha256(file));
			await chain.provenFrom(provider.node, Number(acceptances(provider.node)[0].data.first));
		});

		test('an agent killed while it accepts has the deal, once', async () => {
			const [provider, customer] = await Promise.all([newProvider('accepting'), newCustomer('customer-of-accepting')]);
			const { done } = storing(customer, await makeFile('accepting-file', MEBIBYTE), [provider.node], 50);
			await provider.agent.line(/acceptance sent/, 90);
			await crash(provider);
			const { deals } = await done;
			await accepted(deals[0].deal);
			assert.equal(acceptances(provider.node).length, 1);
			const first = Number(acceptances(provider.node)[0].data.first);
			const proof = await chain.provenFrom(provider.node, first);
			assert.equal(Number(proof.data.period), first, 'the first due window is proven');
		});

		test('an agent killed while it proves misses nothing', async () => {
			const { provider, first } = await busyProvider('proving');
			await provider.agent.line(/proof sent/, 180);
			await crash(provider);
			await chain.provenFrom(provider.node, first + 1, 240);
			assert.deepEqual(chain.misses(provider.node), []);
		});

		test('a forest update after the freeze does not disturb the proof of what was frozen', async () => {
			const { provider } = await busyProvider('racing');
			const [racer, second] = await Promise.all([newCustomer('racer'), makeFile('racing-second', 3 * MEBIBYTE)]);
			// The period has just begun: what it will ask about stands, and its window is still to come.
			const window = await chain.windowWhere(
				provider.node,
				'is far from open',
				({ now, opens }) => opens - now >= 12 && opens - now <= 16,
			);
			const { done } = storing(racer, second, [provider.node], 50);
			const proof = await chain.provenFrom(provider.node, window.period);
			assert.equal(Number(proof.data.period), window.period);
			assert.equal(Number(proof.data.bytes), SMALL, 'only the first file was frozen');
			const { deals } = await done;
			const update = await accepted(deals[0].deal);
			assert.equal(Number(update.data.first), window.period + 1, 'the update came in the same period');
			assert.ok(update.block < proof.block, 'the update came before the proof');
			const later = await chain.provenFrom(provider.node, window.period + 1);
			assert.equal(Number(later.data.bytes), SMALL + 3 * MEBIBYTE, 'both files are challenged in the next period');
		});

		test('a customer who disappears in mid-transfer leaves no trace but a refundable proposal', async () => {
			const [provider, steady, suri] = await Promise.all([
				newProvider('patient-node'),
				newCustomer('steady'),
				network.fund('vanisher'),
			]);
			const file = await makeFile('vanishing', 4 * CHECKPOINT);
			const store = new Daemon('vanisher', AGENT, [
				...['store', file, '--data', path.join(network.folder, 'vanisher'), '--rpc', network.validator.ws, '--suri', suri],
				...['--node', String(provider.node), '--periods', '50'],
			]);
			await until('the first checkpoint', 90, async () => (await durableBytes(provider.data)) >= CHECKPOINT, 5);
			await store.stop('SIGKILL');
			const { hash } = await steady.store(await makeFile('small', 1000), [provider.node], 10);
			const [proposal] = chain.seen('storageMarket', 'DealProposed', (e) => Number(e.node) === provider.node);
			const deal = Number(proposal.data.deal);
			await until('the proposal to expire', 150, async () => {
				await chain.submit(chain.api.tx.storageMarket.withdrawProposal(deal), '//Ferdie');
				return true;
			}, 4000);
			assert.equal(await reserved(suri), 0n, 'everything is released');
			await until('what had arrived to be deleted', 180, async () => {
				return (await blobNames(provider.data)).every((name) => name.startsWith(hash));
			});
		});

		// b6
		test('a customer who comes back goes on with its proposal and pays once', async () => {
			const [provider, customer] = await Promise.all([newProvider('asked-twice'), newCustomer('returning')]);
			const file = await makeFile('returning-file', 6 * CHECKPOINT);
			const first = new Daemon('returning', AGENT, [
				...['store', file, '--data', customer.data, '--rpc', network.validator.ws, '--suri', customer.suri],
				...['--node', String(provider.node), '--periods', '50'],
			]);
			await until('the first checkpoint', 90, async () => (await durableBytes(provider.data)) >= CHECKPOINT, 5);
			await first.stop('SIGINT');
			assert.match(first.lines.join('\n'), /interrupted; the same command goes on with what is proposed/);
			const held = await reserved(customer.suri);
			assert.ok(held > 0n);

			const { deals: [resumed] } = await customer.store(file, [provider.node], 50);

			await accepted(resumed.deal);
			const proposals = () => chain.seen('storageMarket', 'DealProposed', (e) => Number(e.node) === provider.node);
			assert.deepEqual(proposals().map(({ data }) => Number(data.deal)), [resumed.deal]);
			assert.deepEqual([resumed.new, BigInt(resumed.held ?? 0)], [false, held]);

			const { deals: kept } = await customer.store(file, [provider.node], 50);

			assert.deepEqual(kept, [{ deal: resumed.deal, node: provider.node, held: null, new: false }]);
			assert.equal(proposals().length, 1);
			assert.ok(await reserved(customer.suri) <= held, 'nothing more is on hold');
		});

		test('damage on the disk is named in status, to the group', async () => {
			const { provider, hash } = await busyProvider('scratched');
			const [file] = await storedFiles(provider.data);
			assert.equal(path.basename(file), `${hash}.data`);
			await wipe(file, 300 * 1024, 301 * 1024);
			// The check of the disk begins every minute.
			const damage = await until('the scrub to name the damage', 150, async () => {
				const { damage } = await network.status(provider);
				return damage.length > 0 && damage;
			});
			const group = { start: 18 * 16_384, end: 19 * 16_384 };
			assert.deepEqual(damage.map(({ root, ranges, onlyTree }) => ({ root, ranges, onlyTree })), [
				{ root: hash, ranges: [group], onlyTree: false },
			]);
			const metrics = await (await network.http(provider, '/metrics'))?.text() ?? '';
			assert.match(metrics, /^substation_agent_damaged_bytes 16384$/m);
		});

		test('a second agent on one data folder refuses to start and says which process has it', async () => {
			const provider = await newProvider('alone');
			const { code, stderr } = await run(AGENT, ['run', '--data', provider.data, '--rpc', provider.ws], { timeout: 30 });
			assert.equal(code, 1);
			assert.match(stderr, new RegExp(`is in use by process ${provider.agent.child.pid};`));
			assert.ok((await network.http(provider, '/v1/node'))?.ok, 'the first goes on');
		});

		test('a full disk refuses the deal by name and harms nothing else', async (context) => {
			const data = path.join(network.folder, 'tiny-disk');
			await mkdir(data);
			// An agent leaves 256 MiB free.
			const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=320m', 'tmpfs', data]).catch(() => ({ code: -1 }));
			if (mounted.code !== 0) return context.skip('mounting a small disk needs root');
			/** @type {Provider | undefined} */
			let provider;
			try {
				provider = await newProvider('tiny', { data });
				const [fitting, tooMuch] = await Promise.all([newCustomer('fitting'), newCustomer('too-much')]);
				const { deals } = await fitting.store(await makeFile('fits', MEBIBYTE), [provider.node], 20);
				const big = await makeFile('too-big', 80 * MEBIBYTE);
				const complaint = await tooMuch.store(big, [provider.node], 20, { expectFailure: true, timeout: 180 });
				assert.match(complaint, /nothing was put on hold: node \d+: the node's disk is full/);
				assert.equal(await reserved(tooMuch.suri), 0n);
				assert.ok(provider.agent.lines.some((line) => line.includes("inquiry refused: the node's disk is full")));
				const period = Number((await accepted(deals[0].deal)).data.first);
				await chain.provenFrom(provider.node, period + 1);
				assert.deepEqual(chain.misses(provider.node), []);
			} finally {
				await provider?.agent?.stop();
				await run('umount', ['-l', data]);
			}
		});
	});
});

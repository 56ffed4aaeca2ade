// @ts-check
// Proofs that no validator keeps: this chain's only one has a pool of 3 KiB, where no proof fits.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ApiPromise, WsProvider } from '@polkadot/api';
import { randomFile } from '../lib/files.mjs';
import { Network } from '../lib/network.mjs';
import { until } from '../lib/processes.mjs';

/** An attempt lives for some six blocks, and the first one is made in the first ten of a window: the rest has room for more. */
const CLOCK = { period: 40, window: 32 };

/** @type {Network} */
let network;
before(async () => {
	network = await Network.start({ genesis: { pace: { lengths: { clock: CLOCK } } }, nodeArgs: ['--pool-kbytes', '3'] });
});
after(() => network?.stop());

/**
 * Hashes of the proofs of this period in a node's pool.
 *
 * @param {ApiPromise} api
 * @param {number} node
 * @param {number} period
 * @returns {Promise<string[]>}
 */
async function waiting(api, node, period) {
	const extrinsics = await api.rpc.author.pendingExtrinsics();
	const proofs = extrinsics.filter(({ method }) => method.section === 'storageProofs' && method.method === 'prove');
	return proofs
		.filter(({ args }) => Number(args[0]) === node && Number(args[1]) === period)
		.map(({ hash }) => hash.toHex());
}

describe('a proof that stays out of blocks', { concurrency: true }, () => {
	for (const [prover, suri] of [
		['worker', '//Bob'],
		['agent', '//Charlie'],
	]) {
		test(`is made anew by the ${prover} within its window`, async () => {
			const { node, ws } = await network.addProvider(prover, suri, { fullNode: true, worker: prover === 'worker' });
			const file = await randomFile(path.join(network.folder, `${prover}-file`), 1_000_000);
			await network.customer(`customer-of-${prover}`, await network.fund(`customer-of-${prover}`)).store(file, [node], 50);
			const api = await ApiPromise.create({ provider: new WsProvider(ws), noInitWarn: true });
			try {
				const { period, closes } = await network.chain.freshWindow(node);
				const attempts = new Set();
				await until('two attempts in one window', 90, async () => {
					for (const hash of await waiting(api, node, period)) attempts.add(hash);
					return attempts.size > 1;
				});
				assert.ok(network.chain.height < closes);
			} finally {
				await api.disconnect();
			}
		});
	}
});

// @ts-check
// A full node that crashes in an open window. Its restart takes seconds, so this chain's windows are longer: 30 s in a period
// of 36.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { randomFile } from '../lib/files.mjs';
import { Network } from '../lib/network.mjs';

/** @type {Network} */
let network;
before(async () => (network = await Network.start({ genesis: { pace: { lengths: { clock: { period: 36, window: 30, slotStep: 2 } } } } })));
after(() => network?.stop());

test('a full node that crashes in an open window still gets the proof in', async () => {
	const { chain } = network;
	const provider = await network.addProvider('bob', '//Bob', { fullNode: true, worker: false });
	const file = await randomFile(path.join(network.folder, 'file'), 1_000_000);
	await network.customer('eve', '//Eve').store(file, [provider.node], 50);

	const { period } = await chain.freshWindow(provider.node);
	provider.fullNode = await network.restartNode(provider.fullNode, 'SIGKILL');

	const proof = await chain.provenFrom(provider.node, period);
	assert.equal(Number(proof.data.period), period);
	assert.deepEqual(chain.misses(provider.node), []);
});

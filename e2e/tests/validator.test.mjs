// @ts-check
// What an operator of a validator does: chain specs, keys, a start without preparation.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { NODE, Network } from '../lib/network.mjs';
import { run, until } from '../lib/processes.mjs';

/** @type {string} */
let folder;
before(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'substation-validator-'))));
after(() => rm(folder, { recursive: true, force: true }));

for (const command of ['export-chain-spec', 'build-spec']) {
	test(`${command} prints nothing but the specification`, async () => {
		// build-spec makes a network key for the bootnode that it names.
		const base = command === 'build-spec' ? ['--base-path', path.join(folder, 'build-spec')] : [];
		for (const chain of ['dev', 'local', 'live-template']) {
			const { code, stdout } = await run(NODE, [command, '--chain', chain, ...base]);
			assert.equal(code, 0);
			const spec = JSON.parse(stdout);
			assert.equal(spec.id, chain);
			assert.equal(spec.properties.tokenSymbol, 'STN');
			assert.equal(spec.telemetryEndpoints, null);
		}
	});
}

test('a raw specification made from a file starts the same chain', async () => {
	const { stdout: plain } = await run(NODE, ['export-chain-spec', '--chain', 'local']);
	const file = path.join(folder, 'local.json');
	await writeFile(file, plain);
	const { code, stdout } = await run(NODE, ['export-chain-spec', '--chain', file, '--raw']);
	assert.equal(code, 0);
	assert.ok(JSON.parse(stdout).genesis.raw.top['0x3a636f6465'], 'the raw genesis holds the runtime');
});

// R2e
test('a template is printed and neither run nor built, and no chain is run that nobody has named', async () => {
	/** @type {[string[], RegExp][]} */
	const refusals = [
		[['--chain', 'live-template', '--tmp'], /`live-template` is a template of a public network/],
		[['--chain', 'live-template', '--validator', '--tmp'], /`live-template` is a template of a public network/],
		[['--tmp'], /no chain is named: pass --chain with dev, local/],
		[['export-chain-spec', '--chain', 'live-template', '--raw'], /starts with 0 validators that have session keys/],
	];
	for (const [args, reason] of refusals) {
		const { code, stderr } = await run(NODE, args);
		assert.equal(code, 1, stderr);
		assert.match(stderr, reason);
		assert.doesNotMatch(stderr, /panicked|runtimeGenesis|"babe"/);
	}
});

// R2e
test('keys for a network in preparation are made at once, and it does not start without validators', async () => {
	const { stdout: template } = await run(NODE, ['export-chain-spec', '--chain', 'live-template']);
	const file = path.join(folder, 'prepared.json');
	await writeFile(file, JSON.stringify({ ...JSON.parse(template), id: 'prepared' }));

	const base = ['--chain', file, '--base-path', path.join(folder, 'prepared')];
	const owner = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
	const keys = await run(NODE, ['validator-keys', ...base, '--owner', owner, '--json']);
	assert.equal(keys.code, 0, keys.stderr);
	assert.match(JSON.parse(keys.stdout).keystore, /chains\/prepared\/keystore/);

	const { code, stderr } = await run(NODE, base);
	assert.equal(code, 1, stderr);
	assert.match(stderr, /starts with 0 validators that have session keys/);
	assert.doesNotMatch(stderr, /panicked/);
});

test('four validators finalise, and keys from validator-keys are accepted by the chain', async () => {
	const network = await Network.start({ preset: 'local' });
	try {
		await until('three finalised blocks', 90, async () => (await network.chain.finalized()) >= 3);

		const owner = network.chain.account('//Eve');
		const { code, stdout } = await run(NODE, [
			...['validator-keys', '--chain', 'local', '--base-path', path.join(folder, 'eve')],
			...['--owner', owner.address, '--json'],
		]);
		assert.equal(code, 0);
		const { call } = JSON.parse(stdout);
		const { api } = network.chain;
		await network.chain.submit(api.tx(api.createType('Call', call)), '//Eve');
		assert.ok((await network.chain.query.session.nextKeys(owner.address)).isSome);
		await assert.rejects(
			network.chain.submit(api.tx(api.createType('Call', call)), '//Ferdie'),
			/session\.InvalidProof/,
			'keys of one owner cannot be registered by another',
		);
	} finally {
		await network.stop();
	}
});

test('a validator without a network key makes one and keeps it', async () => {
	const network = new Network(await mkdtemp(path.join(os.tmpdir(), 'substation-key-')));
	try {
		const node = await network.startNode('fresh', ['--chain', 'local', '--validator']);
		const file = path.join(node.settings.basePath, 'chains', 'local', 'network', 'secret_ed25519');
		assert.equal((await stat(file)).mode & 0o777, 0o600);
		const key = await readFile(file);
		const again = await network.restartNode(node);
		assert.deepEqual(await readFile(file), key);
		assert.equal(again.address, node.address);
	} finally {
		await network.stop();
	}
});

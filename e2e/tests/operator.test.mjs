// @ts-check
// What an operator does about a registered node with the program: its offer, contact and bond, settlement and reports while
// the agent runs; a check of the disk and a deal given up while it does not.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { STN } from '../lib/chain.mjs';
import { randomFile, storedFiles, wipe } from '../lib/files.mjs';
import { Network, substation } from '../lib/network.mjs';
import { lastJson, until } from '../lib/processes.mjs';

/**
 * @import { Chain } from '../lib/chain.mjs'
 * @import { Provider, SubstationOptions } from '../lib/network.mjs'
 * @import { RunResult } from '../lib/processes.mjs'
 */

const GIB = 2 ** 30;
/** What `init` takes for the agent's contact, and another address beside it. */
const OTHER_ADDRESS = '192.0.2.7:4550';

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Provider} */
let provider;
/** @type {{ hash: string, deal: number }} */
let stored;
/** @type {number} A proposal that nobody offers bytes for. */
let unanswered;

/** @type {(...args: string[]) => string[]} */
const local = (...args) => [...args, '--data', provider.data, '--rpc', provider.ws];
/** @type {(command: string, args: string[], options?: SubstationOptions) => Promise<RunResult>} */
const operator = (command, args, options) => substation([...local(command), '--suri', provider.suri, ...args], options);
/** @type {(command: string, args: string[]) => Promise<string>} */
const refused = async (...args) => (await operator(...args, { expectFailure: true })).stderr;
/** @type {() => Promise<any>} */
const listed = async () => JSON.parse((await network.customer('eve', '//Eve').read('nodes', ['--json'])).stdout).find(({ node }) => node === provider.node);

before(async () => {
	network = await Network.start();
	({ chain } = network);
	provider = await network.addProvider('bob', '//Bob');
	const file = await randomFile(path.join(network.folder, 'file'), 1_000_000);
	const { hash, deals } = await network.customer('eve', '//Eve').store(file, [provider.node], 50);
	stored = { hash, deal: deals[0].deal };
});
after(() => network?.stop());

test('customers see another offer at once', async () => {
	await operator('set-offer', ['--capacity', '20GiB', '--price', '0.02']);

	const { capacity, price } = await listed();
	assert.deepEqual([capacity, price], [20 * GIB, String(STN / 50n)]);
	assert.match(await refused('set-offer', ['--capacity', '1GiB', '--price', '0']), /ZeroPrice/);
	// A length that the stored file does not have: whoever fetches by its hash is not misled.
	const proposal = { node: provider.node, root: `0x${stored.hash}`, length: 999_999, periods: 10, price: STN / 50n };
	await chain.submit(chain.api.tx.storageMarket.propose(proposal), '//Ferdie');
	unanswered = Number((await chain.event('storageMarket', 'DealProposed', 20, (e) => Number(e.deal) !== stored.deal)).data.deal);
});

test('customers see another contact at once', async () => {
	const here = `127.0.0.1:${provider.p2pPort}`;

	await operator('set-contact', ['--address', here, '--address', OTHER_ADDRESS, '--region', 'de']);

	const { addresses, region } = await listed();
	assert.deepEqual([addresses, region], [[here, OTHER_ADDRESS], 'DE']);
	await network.customer('reader', '//Eve').fetch(stored.hash, path.join(network.folder, 'copy'), [provider.node]);
});

test('who votes with all it has still bonds and pays its fees', async () => {
	const balance = async () => (await chain.query.system.account(chain.account(provider.suri).address)).data;
	await chain.submit(chain.api.tx.elections.vote([chain.account('//Alice').address], (await balance()).free), provider.suri);
	const { free, frozen } = await balance();
	assert.ok(frozen.gte(free), `${frozen} of ${free} are locked`);
	const before = BigInt((await listed()).bond);

	await operator('add-bond', ['100']);

	assert.equal(BigInt((await listed()).bond), before + 100n * STN);
});

test('the bond is raised, and what deals do not need is given back', async () => {
	const before = BigInt((await listed()).bond);

	await operator('add-bond', ['500.5']);
	assert.equal(BigInt((await listed()).bond), before + (STN * 1_001n) / 2n);
	await operator('release-bond', ['500.5']);
	assert.equal(BigInt((await listed()).bond), before);

	assert.match(await refused('release-bond', [String(before / STN)]), /BondNeeded|BondTooLow/);
});

test('where tokens are worth something a key comes from a file, never from the command line', async () => {
	const spec = path.join(network.folder, 'live.json');
	await writeFile(spec, JSON.stringify({ ...JSON.parse(await readFile(network.spec, 'utf8')), chainType: 'Live' }));
	const { ws, daemon } = await network.startNode('live', ['--chain', spec]);
	await chain.synced(ws);
	const args = ['add-bond', '1', '--data', provider.data, '--rpc', ws];
	const before = BigInt((await listed()).bond);

	const { stderr } = await substation([...args, '--suri', provider.suri], { expectFailure: true });
	assert.match(stderr, /--suri is for development chains.+substation key import/s);
	assert.doesNotMatch(stderr, /Bob/);
	assert.equal(BigInt((await listed()).bond), before);
	await substation([...args, ...(await network.keyFile('operator', provider.suri))]);

	assert.equal(BigInt((await listed()).bond), before + STN);
	await daemon.stop();
});

test('a proven period is paid when the operator settles', async () => {
	const { data: proof } = await chain.provenFrom(provider.node, 0);
	await until('the window to be over', 90, async () => (await chain.window(provider.node)).period > Number(proof.period));

	await operator('settle', [String(stored.deal)]);

	const { data } = await chain.event('storageMarket', 'DealSettled', 20, (e) => Number(e.deal) === stored.deal);
	assert.ok(data.proven.toNumber() >= 1 && data.provider.toBigInt() > 0n);
	assert.match(await refused('report-missed', [String(provider.node)]), /NothingMissed/);
});

test('a proposal that nobody answers is refunded when it has expired', async () => {
	const reserved = async () => (await chain.query.system.account(chain.account('//Ferdie').address)).data.reserved.toBigInt();
	const before = await reserved();
	assert.ok(before > 0n);
	const withdraw = () => operator('withdraw-proposal', [String(unanswered)]);

	await until('the proposal to have expired', 150, withdraw, 4_000);

	const { data } = await chain.event('storageMarket', 'ProposalWithdrawn', 20, (e) => Number(e.deal) === unanswered);
	assert.ok(data.refunded.toBigInt() > 0n);
	assert.equal(await reserved(), 0n);
});

test('a folder is one node\'s for ever, and keeps what a second `init` does not name', async () => {
	const configuration = () => readFile(path.join(provider.data, 'config.toml'), 'utf8');
	const before = await configuration();

	await substation(local('init'));
	assert.equal(await configuration(), before);
	const again = ['--capacity', '1GiB', '--price', '1', '--bond', '1000', '--region', 'CH', '--address', OTHER_ADDRESS];
	assert.match(await refused('register', again), new RegExp(`this data folder is node ${provider.node}'s`));

	const other = path.join(network.folder, 'other');
	const { stderr } = await substation(['scrub', '--data', other], { expectFailure: true });
	assert.match(stderr, /is no prepared data folder/);
	// It listens where the other's agent answers.
	await substation(['init', '--data', other, '--rpc', provider.ws, '--http', `127.0.0.1:${provider.httpPort}`]);
	const { stdout } = await substation(['status', '--data', other, '--rpc', provider.ws, '--json']);
	assert.equal(JSON.parse(stdout).running, false);
});

// 2
test('a wallet registers with the agent\'s word, and nobody else can use it', async () => {
	const suri = await network.fund('wallet');
	const base = ['--data', path.join(network.folder, 'by-wallet'), '--rpc', provider.ws];
	const register = ['register', ...base, '--capacity', '1GiB', '--price', '1', '--bond', '1000', '--region', 'CH', '--address', OTHER_ADDRESS];
	await substation(['init', ...base]);
	assert.match((await substation(register, { expectFailure: true })).stderr, /init --operator/);
	const { agent, proof } = lastJson((await substation(['init', ...base, '--operator', chain.account(suri).address, '--json'])).stdout);
	assert.match(proof, /^[0-9a-f]{128}$/);

	const { hex } = lastJson((await substation([...register, '--json'])).stdout);

	const call = () => chain.api.tx(chain.api.createType('Call', hex));
	await assert.rejects(chain.submit(call(), '//Ferdie'), { message: 'registry.AgentNotProven' });
	await chain.submit(call(), suri);
	const { data } = await chain.event('registry', 'NodeRegistered', 20, (e) => e.operator.toString() === chain.account(suri).address);
	const found = await chain.call.substationApi.nodeOfAgent(`0x${agent}`);
	assert.equal(found.unwrap().toNumber(), Number(data.node));
	await assert.rejects(chain.submit(call(), suri), { message: 'registry.AgentTaken' });

	// The machine was told of another operator since: it does not serve the node of the one before.
	const ports = ['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0'];
	await substation(['init', ...base, ...ports, '--operator', chain.account('//Ferdie').address]);
	const { stderr } = await substation(['run', ...base], { expectFailure: true });
	assert.match(stderr, new RegExp(`node ${Number(data.node)}, which .+ belongs to \\S+; this data folder is for the operator`));
});

test('a customer settles and closes with the folder that knows the chain', async () => {
	const home = path.join(network.folder, 'home');
	const env = { XDG_DATA_HOME: home, HOME: home };
	const file = await randomFile(path.join(network.folder, 'short'), 1_000);
	const args = ['store', file, '--rpc', provider.ws, '--suri', '//Eve', '--node', String(provider.node), '--periods', '1', '--json'];
	const [{ deal }] = lastJson((await substation(args, { env })).stdout).deals;

	const { stderr } = await substation(['close', String(deal), '--suri', '//Eve'], { env, expectFailure: true });

	assert.match(stderr, /NotOver/, 'the chain was asked, where the deal was made');
});

test('lost bytes are found by a scrub, and their deal is given up', async () => {
	const busy = await substation(local('scrub'), { expectFailure: true });
	assert.match(busy.stderr, /`substation run` .+ scrubs by itself/);
	await provider.agent.stop();
	const sound = JSON.parse((await substation(local('scrub', '--json'))).stdout);
	assert.deepEqual([sound.contents, sound.bytes, sound.damaged], [2, 1_001_000, []]);
	const files = await storedFiles(provider.data);
	await wipe(/** @type {string} */ (files.find((file) => file.includes(stored.hash))), 0, 1_024);

	const { stderr } = await substation(local('scrub'), { expectFailure: true });
	assert.match(stderr, new RegExp(`some contents are damaged \\(deals ${stored.deal}\\); .+ \`substation forfeit\``));
	await operator('forfeit', [String(stored.deal)]);

	const { data } = await chain.event('storageMarket', 'DealForfeited', 20, (e) => Number(e.deal) === stored.deal);
	assert.ok(data.refunded.toBigInt() > 0n);
});

// @ts-check
// A customer accuses, the node's agent shows it and answers, both with this project's programs.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { b3sum, randomFile } from '../lib/files.mjs';
import { Network, substation } from '../lib/network.mjs';
import { lastJson, until } from '../lib/processes.mjs';

/**
 * @import { Chain } from '../lib/chain.mjs'
 * @import { Customer, Provider } from '../lib/network.mjs'
 * @import { RunResult } from '../lib/processes.mjs'
 */

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Provider} */
let provider;
/** @type {Customer} */
let customer;
/** @type {number} */
let deal;
/** @type {string} */
let accusation;
/** @type {string} */
let defence;

/** @type {(command: string, ...args: string[]) => Promise<RunResult>} */
const own = (command, ...args) => substation([command, ...args, '--data', provider.data, '--rpc', provider.ws]);
/** @type {() => Promise<any[]>} */
const disputed = async () => (await network.status(provider)).chain.disputes;

before(async () => {
	// An answer counts for two voting periods.
	network = await Network.start({ genesis: { pace: { lengths: { votingPeriod: 60 } } } });
	({ chain } = network);
	provider = await network.addProvider('bob', '//Bob');
	customer = network.customer('eve', '//Eve');
	/** @type {(name: string, size: number) => Promise<string>} */
	const file = (name, size) => randomFile(path.join(network.folder, name), size);
	[accusation, defence] = await Promise.all([file('accusation', 1_000), file('defence', 2_000)]);
	const stored = await customer.store(await file('file', 100_000), [provider.node], 50);
	[{ deal }] = stored.deals;
});
after(() => network?.stop());

test('a customer disputes a deal with the hash of a file and the least bond', async () => {
	assert.deepEqual(await disputed(), []);

	const { stdout } = await customer.command('dispute', [String(deal), accusation, '--json']);

	const said = lastJson(stdout);
	assert.equal(said.evidence, b3sum(accusation));
	const { data } = await chain.event('disputes', 'DisputeOpened', 20);
	assert.deepEqual([Number(data.deal), data.bond.toString()], [deal, said.bond]);
	assert.equal(data.evidence.toHex(), `0x${said.evidence}`);
	assert.ok(said.until > chain.height);
	const again = await customer.command('dispute', [String(deal), accusation], { expectFailure: true });
	assert.match(again.stderr, /is disputed already/);
});

test('the agent tells its operator, who answers with the agent\'s key', async () => {
	const [dispute] = await until('the agent to see the dispute', 60, async () => {
		const disputes = await disputed();
		return disputes.length > 0 && disputes;
	});
	assert.deepEqual([dispute.deal, dispute.evidence, dispute.stage], [deal, b3sum(accusation), 'open']);
	const { stdout: words } = await own('status');
	assert.match(words, new RegExp(`substation answer ${deal} `));

	const { stdout } = await own('answer', String(deal), defence, '--json');

	assert.equal(lastJson(stdout).answer, b3sum(defence));
	const { stage } = (await chain.query.disputes.disputes(deal)).unwrap();
	assert.ok(stage.isAnswered, stage.toString());
	const { stderr } = await substation(['answer', String(deal), defence, '--data', provider.data, '--rpc', provider.ws], { expectFailure: true });
	assert.match(stderr, /answered already/);
	await until('the agent to see its answer', 60, async () => (await disputed())[0]?.stage === 'answered');
	const { disputeBond, answerBond } = await network.audit();
	assert.ok(disputeBond.held > 0n && answerBond.held > 0n);
});

test('an operator who has lost the bytes concedes: the dispute is over and both bonds are back', async () => {
	const { stdout: words } = await own('status');
	assert.match(words, new RegExp(`substation concede ${deal}\\b`));

	await own('concede', String(deal), '--suri', provider.suri);

	const { data } = await chain.event('disputes', 'DisputeConceded', 20);
	assert.equal(Number(data.deal), deal);
	assert.ok((await chain.query.disputes.disputes(deal)).isNone);
	const { disputeBond, answerBond } = await network.audit();
	assert.deepEqual([disputeBond.held, answerBond.held], [0n, 0n]);
});

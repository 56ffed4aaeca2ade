// @ts-check
// What an operator does about a line with the program alone: join, change the claim, pay in and take back, be measured, collect
// what measuring others has earned, leave. Committees of three, tests of seconds over loopback.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { STN } from '../lib/chain.mjs';
import { withCommittees } from '../lib/committees.mjs';
import { Network, substation } from '../lib/network.mjs';
import { until } from '../lib/processes.mjs';

/**
 * @import { Chain, ChainEvent, Codec } from '../lib/chain.mjs'
 * @import { Provider, SubstationOptions } from '../lib/network.mjs'
 * @import { RunResult } from '../lib/processes.mjs'
 */

const MEMBERS = 3;
const CLAIM = ['--down', '12Mbit', '--up', '10Mbit'];

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Provider} Of the line that is tested. */
let operator;
/** @type {Provider[]} Those who measure it. */
let members;

/**
 * One `substation bandwidth` of an operator.
 *
 * @type {(operator: Provider, args: string[], options?: SubstationOptions) => Promise<RunResult>}
 */
const bandwidth = ({ data, ws, suri }, args, options) =>
	substation(['bandwidth', ...args, '--data', data, '--rpc', ws, '--suri', suri, '--json'], options);
/** @type {(...args: string[]) => Promise<string>} */
const refused = async (...args) => (await bandwidth(operator, args, { expectFailure: true })).stderr;
/** @type {(method: string, operator: Provider) => Promise<ChainEvent>} */
const happened = (method, { node }) => chain.event('bandwidthProofs', method, 20, (e) => Number(e.node) === node);
/** @type {(operator: Provider) => Promise<Codec>} */
const page = async ({ node }) => (await chain.call.substationApi.linePage(node)).unwrapOr(undefined);
/** @type {(operator: Provider) => Promise<bigint>} */
const free = async ({ suri }) => (await chain.query.system.account(chain.account(suri).address)).data.free.toBigInt();

before(async () => {
	// The operator takes two seats, each member one. Members are tested as well.
	const seats = MEMBERS + 2;
	const terms = { members: MEMBERS, nodes: MEMBERS + 1, seats, interval: 8, seconds: 5, seatRate: 10_000, deadline: 60, epochBlocks: 20 };
	network = await Network.start({ genesis: withCommittees(terms) });
	({ chain } = network);
	operator = await network.addProvider('bob', '//Bob');
	members = await Promise.all(['charlie', 'dave', 'eve'].map((name) => network.addProvider(name, `//${name[0].toUpperCase()}${name.slice(1)}`)));
});
after(() => network?.stop());

test('a line joins with bond, offer and seats in one transaction', async () => {
	const unreachable = await refused('join', '--down', '900Mbit', '--up', '10Mbit', '--prepay', '0');
	assert.match(unreachable, /900 Mbit\/s cannot be claimed on this chain: .+ claims 10 Mbit\/s to \d/);

	await bandwidth(operator, ['join', ...CLAIM, '--prepay', '1']);

	const { data } = await happened('SeatsTaken', operator);
	assert.equal(Number(data.seats), 1);
	const { claim, prepaid, bond, requiredBond } = await page(operator);
	assert.deepEqual([claim.down.toNumber(), claim.up.toNumber()], [12_000, 10_000]);
	assert.equal(prepaid.toBigInt(), STN);
	assert.ok(bond.eq(requiredBond) && !bond.isZero(), `${bond} of ${requiredBond}`);
});

test('more seats need no more than the bond that they lack', async () => {
	const before = await page(operator);

	await bandwidth(operator, ['join', ...CLAIM, '--prepay', '0']);

	const { seats, bond, requiredBond } = await page(operator);
	assert.equal(seats.length, 2);
	assert.ok(bond.eq(requiredBond) && bond.eq(before.bond.muln(2)), `${bond} of ${requiredBond}`);
});

test('what is paid in for tests can be added to and taken back', async () => {
	await bandwidth(operator, ['prepay', '2.5']);
	await bandwidth(operator, ['withdraw-prepaid', '3']);

	assert.equal((await page(operator)).prepaid.toBigInt(), STN / 2n);
	assert.match(await refused('withdraw-prepaid', '3'), /PrepaidTooLow/);
});

test('the claim of a line can be changed', async () => {
	await bandwidth(operator, ['claim', '--down', '11Mbit', '--up', '10Mbit']);

	assert.equal((await page(operator)).claim.down.toNumber(), 11_000);
	assert.match(await refused('claim', '--down', '11Mbit', '--up', '10Mbit'), /ClaimUnchanged/);
});

test('who measured it collects for what it has carried', async () => {
	// Without them there is no committee, so nothing was tested before. Who has not prepaid for tests measures nobody.
	await Promise.all(members.map((member) => bandwidth(member, ['join', ...CLAIM, '--prepay', '1'])));
	await chain.event('bandwidthProofs', 'MeasurementTaken', 300, (e) => Number(e.node) === operator.node && Number(e.rate) > 0);
	const pages = await Promise.all(members.map(page));
	const member = members[pages.findIndex(({ earned }) => !earned.isZero())];
	const before = await free(member);

	await bandwidth(member, ['collect']);

	/** @type {bigint} */
	const amount = (await happened('EarningsCollected', member)).data.amount.toBigInt();
	assert.ok(amount > 0n, `${amount}`);
	// What the transaction costs is far less than a token.
	const gained = (await free(member)) - before;
	assert.ok(gained < amount && gained > amount - STN, `${gained} of ${amount}`);
	assert.ok((await page(operator)).prepaid.toBigInt() < STN / 2n);
});

test('who leaves is paid out once the seats no longer count, and is forgotten', async () => {
	// Seats count for 40 s at least: no time to wait for finality.
	await bandwidth(operator, ['leave', '--no-wait']);
	assert.match(await refused('leave'), /SeatsStillCount/);
	const given = Number((await happened('SeatsGivenUp', operator)).data.until);
	await until('the seats to count no longer', 120, async () => (await chain.query.session.currentIndex()).toNumber() >= given);
	const { prepaid, earned } = await page(operator);

	// A test that was drawn before may still be running.
	await until('the line to be removed', 150, () => bandwidth(operator, ['leave']), 2_000);

	const { paid, to } = (await happened('LineRemoved', operator)).data;
	assert.equal(to.toString(), chain.account(operator.suri).address);
	// Of tests that were still running it may have earned some more.
	assert.ok(paid.toBigInt() <= prepaid.toBigInt() + earned.toBigInt() + STN / 100n && !paid.isZero(), `${paid}`);
	assert.equal(await page(operator), undefined);
	assert.match(await refused('leave'), /holds no seats/);
	const { testFees, bandwidthBond } = await network.audit();
	assert.ok(bandwidthBond.held > 0n && testFees.held === testFees.owed);
});

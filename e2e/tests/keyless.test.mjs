// @ts-check
// A candidate with more stake than anyone and without session keys: it takes no seat, and the chain goes on. On a chain
// with one validator, which such a winner would stop for good; with eras of 10 s.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { STN } from '../lib/chain.mjs';
import { Network } from '../lib/network.mjs';
import { Record, bonded, eventsOf } from '../lib/staking.mjs';

/** @import { Chain } from '../lib/chain.mjs' */

const PACE = { epochBlocks: 5, sessionsPerEra: 2 };
const ERAS = 3;
/** Half of what its account has, and fifty times what the validator has bonded. */
const BOND = 500_000n * STN;

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Record} */
let record;

before(async () => {
	network = await Network.start({ genesis: { pace: { lengths: PACE } } });
	({ chain } = network);
	record = await Record.follow(chain);
});
after(async () => {
	await record?.end();
	await network?.stop();
});

// S0
test('the largest candidate has no session keys: three eras pass, and the validator that has some makes every block', async () => {
	const { session, staking, babe } = chain.query;
	const [bob, alice] = ['//Bob', '//Alice//stash'].map((suri) => chain.account(suri).address);
	const { tx } = chain.api;
	await chain.submit(
		tx.utility.batchAll([tx.staking.bond(BOND, 'Staked'), tx.staking.validate({ commission: 0, blocked: false })]),
		'//Bob',
	);

	const joined = await record.event('staking.ValidatorPrefsSet', 60, ({ stash }) => stash.toString() === bob);
	const last = await record.block('three eras elected with it', 120, ({ era }) => era === joined.planned + ERAS);
	const later = await record.block('as many blocks as a session has', 60, ({ number }) => number === last.number + PACE.epochBlocks);

	assert.equal(await bonded(chain, later, bob), BOND);
	assert.ok((await session.nextKeys.at(later.hash, bob)).isNone);
	const candidates = (await staking.validators.entries()).map(([{ args: [who] }]) => who.toString());
	assert.deepEqual(candidates.sort(), [alice, bob].sort());
	for (let era = joined.planned + 1; era <= last.era; era += 1) {
		assert.ok((await staking.erasStakersOverview.at(later.hash, era, alice)).isSome, `the validator of era ${era}`);
		assert.ok((await staking.erasStakersOverview.at(later.hash, era, bob)).isNone, `not elected for era ${era}`);
	}
	assert.deepEqual((await session.validators.at(later.hash)).map(String), [alice]);
	assert.equal((await babe.authorities.at(later.hash)).length, 1);
	assert.equal((await babe.nextAuthorities.at(later.hash)).length, 1);
	const since = record.blocks.slice(joined.number);
	assert.ok(since.every(({ author }) => author === alice));
	/** @type {(name: string) => number} */
	const count = (name) => since.reduce((sum, block) => sum + eventsOf(block, name).length, 0);
	assert.ok(count('staking.StakersElected') >= ERAS);
	assert.equal(count('staking.StakingElectionFailed'), 0);
});

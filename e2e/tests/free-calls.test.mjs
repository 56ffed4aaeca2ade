// @ts-check
// Every malformed call gets a named error and changes nothing.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { STN } from '../lib/chain.mjs';
import { randomFile } from '../lib/files.mjs';
import { Network } from '../lib/network.mjs';

/**
 * @import { Api, Call, Chain, Codec } from '../lib/chain.mjs'
 * @import { Provider } from '../lib/network.mjs'
 */

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Provider} */
let provider;
/** @type {number} */
let deal;

before(async () => {
	network = await Network.start();
	({ chain } = network);
	provider = await network.addProvider('bob', '//Bob');
	const file = await randomFile(path.join(network.folder, 'file'), 4096);
	({ deals: [{ deal }] } = await network.customer('eve', '//Eve').store(file, [provider.node], 50));
});
after(() => network?.stop());

const ROOT = `0x${'11'.repeat(32)}`;
const ZERO = `0x${'00'.repeat(32)}`;
const SIGNATURE = `0x${'22'.repeat(64)}`;
const GIB = 1n << 30n;
const spec = (changes = {}) => ({ agent: ROOT, endpoint: ROOT, addresses: ['127.0.0.1:4000'], region: '0x4348', ...changes });
/** @type {{ capacity: bigint | number, price: bigint | number }} */
const offer = { capacity: GIB, price: 10n ** 10n };
const bond = 1_000n * STN;
const proposal = (changes = {}) => ({ node: provider.node, root: ROOT, length: 1024, periods: 10, price: offer.price, ...changes });
/** @type {(tx: Api['tx'], changed?: object, asked?: typeof offer, held?: bigint) => Call} */
const register = ({ registry }, changed = spec(), asked = offer, held = bond) =>
	registry.register(changed, 'Storage', asked, held, SIGNATURE);
/** @type {(tx: Api['tx'], changes: object) => Call} */
const propose = ({ storageMarket }, changes) => storageMarket.propose(proposal(changes));
const emptyProof = { weights: [], hashes: [], leaves: [], chunks: [], values: [] };
/** @type {(tx: Api['tx']) => Call} */
const proof = ({ storageProofs }) => storageProofs.prove(provider.node, 0, emptyProof);

/** @type {[string, (tx: Api['tx'], settings: Codec) => Call, string][]} */
const malformed = [
	['a region in small letters', (tx) => register(tx, spec({ region: '0x6368' })), 'registry.MalformedRegion'],
	['an address without a port', (tx) => register(tx, spec({ addresses: ['127.0.0.1'] })), 'registry.MalformedAddress'],
	['an agent key of zeros', (tx) => register(tx, spec({ agent: ZERO })), 'registry.KeyMissing'],
	['an endpoint of zeros', (tx) => register(tx, spec({ endpoint: ZERO })), 'registry.KeyMissing'],
	['a bond below the least', (tx) => register(tx, spec(), offer, 1n), 'registry.BondTooLow'],
	['an offer of nothing', (tx) => register(tx, spec(), { ...offer, capacity: 0 }), 'registry.ZeroCapacity'],
	['an offer for nothing', (tx) => register(tx, spec(), { ...offer, price: 0 }), 'registry.ZeroPrice'],
	['an agent that has not agreed', (tx) => register(tx), 'registry.AgentNotProven'],
	['another operator\'s node', ({ registry }) => registry.leave(provider.node), 'registry.NotOperator'],
	['a node that does not exist', ({ registry }) => registry.leave(999), 'registry.UnknownNode'],
	['unbonding a node that works', ({ registry }) => registry.unbond(provider.node), 'registry.NotLeaving'],
	['a proposal of length 0', (tx) => propose(tx, { length: 0 }), 'storageMarket.LengthOutOfRange'],
	['a proposal beyond the longest content', (tx) => propose(tx, { length: (1n << 46n) + 1n }), 'storageMarket.LengthOutOfRange'],
	['a proposal for no period', (tx) => propose(tx, { periods: 0 }), 'storageMarket.TermOutOfRange'],
	['a proposal for too many periods', (tx) => propose(tx, { periods: 1025 }), 'storageMarket.TermOutOfRange'],
	['a price below the offer', (tx) => propose(tx, { price: 1 }), 'storageMarket.PriceBelowOffer'],
	['a price that no account can hold', (tx) => propose(tx, { price: (1n << 128n) - 1n }), 'storageMarket.PriceOutOfRange'],
	['a proposal to nobody', (tx) => propose(tx, { node: 999 }), 'storageMarket.NoSuchNode'],
	['more than the node offers', (tx) => propose(tx, { length: 11n * GIB }), 'storageMarket.CapacityExceeded'],
	['settling nothing', ({ storageMarket }) => storageMarket.settle(999), 'storageMarket.UnknownDeal'],
	['ending somebody else\'s deal', ({ storageMarket }) => storageMarket.endEarly(deal), 'storageMarket.NotCustomer'],
	['forfeiting somebody else\'s deal', ({ storageMarket }) => storageMarket.forfeit(deal), 'storageMarket.NotOperator'],
	['closing a running deal', ({ storageMarket }) => storageMarket.close(deal), 'storageMarket.NotOver'],
	['withdrawing an accepted proposal', ({ storageMarket }) => storageMarket.withdrawProposal(deal), 'storageMarket.AlreadyAccepted'],
	['reporting nothing', ({ storageProofs }) => storageProofs.reportMissed(provider.node), 'storageProofs.NothingMissed'],
	['reporting nobody', ({ storageProofs }) => storageProofs.reportMissed(999), 'storageProofs.UnknownNode'],
	['a proof with a signature', proof, 'BadOrigin'],
	['a batch with a signed proof', (tx) => tx.utility.batchAll([proof(tx)]), 'BadOrigin'],
	['settings without governance', ({ settings }, now) => settings.setProofs(now), 'BadOrigin'],
	['a suspension without governance', ({ registry }) => registry.suspend(provider.node), 'BadOrigin'],
];

const held = async () => (await chain.query.system.account(chain.account('//Ferdie').address)).data.reserved.toBigInt();

// Side by side, so that they share a few blocks.
describe('a malformed call', { concurrency: true }, () => {
	for (const [what, make, error] of malformed) {
		test(`${what} is refused by name`, async () => {
			const before = await held();
			const call = make(chain.api.tx, (await chain.query.settings.proofs()).toJSON());
			await assert.rejects(chain.submit(call, '//Ferdie'), { message: error });
			assert.equal(await held(), before, 'nothing stays on hold');
		});
	}
});

test('garbage in place of a free call is refused by the pool', async () => {
	const { tx } = chain.api;
	const update = { weights: [], hashes: [] };
	const calls = [
		proof(tx),
		tx.storageMarket.accept(provider.node, [{ deal, slot: 1 }], 1, update, SIGNATURE),
		tx.storageMarket.clear(provider.node, [{ slot: 0, leaf: { deal, root: ROOT, length: 4096 } }], 0, update, SIGNATURE),
	];
	for (const { method } of calls) {
		// A general transaction of extension version 0, immortal, with nonce, tip and metadata mode 0; then a bare one.
		for (const head of [[0x45, 0, 0, 0, 0, 0], [0x05]]) {
			await assert.rejects(chain.submitBytes([...head, ...method.toU8a()]), /^(Rpc)?Error: 101[01]: /);
		}
	}
	for (const octets of [[], [0x45], [0xff, 0xff], Array(4096).fill(0x45)]) {
		await assert.rejects(chain.submitBytes(octets));
	}
});

// @ts-check
// Payment channels on a real chain: a deposit, vouchers that anybody may redeem for free, two ways to the end.
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { STN } from '../lib/chain.mjs';
import { randomFile, sha256 } from '../lib/files.mjs';
import { AGENT, Network, substation } from '../lib/network.mjs';
import { Daemon, lastJson, until } from '../lib/processes.mjs';
import { PaidChannel } from '../lib/vouchers.mjs';

/**
 * @import { Call, Chain, Codec } from '../lib/chain.mjs'
 * @import { Customer, Provider } from '../lib/network.mjs'
 */

const DEPOSIT = 10n * STN;

/** @type {Network} */
let network;
/** @type {Chain} */
let chain;
/** @type {Codec} */
let settings;

before(async () => {
	network = await Network.start();
	({ chain } = network);
	settings = await chain.query.settings.channels();
});
after(() => network?.stop());

/** @type {(suri: string) => Promise<Codec>} */
const account = async (suri) => (await chain.query.system.account(chain.account(suri).address)).data;
/** @type {(suri: string) => Promise<bigint>} */
const free = async (suri) => (await account(suri)).free.toBigInt();
/** @type {(suri: string) => Promise<bigint>} */
const held = async (suri) => (await account(suri)).reserved.toBigInt();

/**
 * A payer and a payee with accounts of their own, and a channel between them.
 *
 * @param {string} name
 */
async function newChannel(name) {
	const [payer, payee] = await Promise.all([network.fund(`payer-of-${name}`), network.fund(`payee-of-${name}`)]);
	return { payer, payee, channel: await PaidChannel.open(chain, payer, payee, DEPOSIT) };
}

describe('payment channels', { concurrency: 6 }, () => {
	test('a voucher is redeemed by a free call, and its parts add up', async () => {
		const { payer, payee, channel } = await newChannel('parts');
		assert.equal(await held(payer), DEPOSIT + settings.recordDeposit.toBigInt());
		const [payerFree, payeeFree] = [await free(payer), await free(payee)];

		const { paid, burned, fee } = await channel.redeem(3n * STN);

		assert.equal(paid + burned + fee, 3n * STN);
		assert.equal(burned, (3n * STN * settings.burn.toBigInt()) / 1_000_000n);
		assert.equal(fee, settings.redeemFee.toBigInt());
		assert.equal(await free(payee), payeeFree + paid);
		assert.equal(await free(payer), payerFree);
		assert.equal(await held(payer), DEPOSIT - 3n * STN + settings.recordDeposit.toBigInt());
		assert.equal((await channel.page()).channel.spent.toBigInt(), 3n * STN);
	});

	test('only the latest voucher is worth redeeming', async () => {
		const { channel } = await newChannel('latest');
		await channel.redeem(4n * STN);
		// The pool still knows the octets of the very same call, and may still think of the other that it waits; it says so.
		for (const stale of [4n * STN, 3n * STN]) {
			await assert.rejects(chain.submitFree(channel.redemption(stale)), /101[0-4]: /);
		}
		const { paid, burned, fee } = await channel.redeem(6n * STN);
		assert.equal(paid + burned + fee, 2n * STN);
	});

	test('what the channel\'s key has not signed for this channel moves nothing', async () => {
		const [{ payer, payee, channel }, other] = await Promise.all([newChannel('forged'), newChannel('forger')]);
		const [payerHeld, payeeFree] = [await held(payer), await free(payee)];
		const forged = [
			channel.redemption(STN, other.channel.key),
			channel.redemption(STN, channel.key, other.channel.id),
			channel.redemption(DEPOSIT + 1n),
			channel.redemption(settings.minRedeem.toBigInt() - 1n),
		];
		for (const call of forged) await assert.rejects(chain.submitFree(call), /101[01]: /);
		await assert.rejects(chain.submit(channel.redemption(STN), payee), { message: 'BadOrigin' });
		assert.equal(await held(payer), payerHeld);
		// A signed attempt costs its sender a fee and nothing else.
		assert.ok(await free(payee) <= payeeFree);
		assert.equal((await channel.page()).channel.spent.toBigInt(), 0n);
	});

	test('a payer gets the rest back after the grace, in which the payee still redeems', async () => {
		const { payer, channel } = await newChannel('grace');
		const { paymentChannels } = chain.api.tx;
		await chain.submit(paymentChannels.startClosing(channel.id), payer);
		const closing = (await channel.page()).channel.closing.unwrap().toNumber();
		await assert.rejects(chain.submit(paymentChannels.topUp(channel.id, STN), payer), { message: 'paymentChannels.AlreadyClosing' });
		await assert.rejects(chain.submit(paymentChannels.finishClosing(channel.id), payer), { message: 'paymentChannels.GraceNotOver' });

		await channel.redeem(7n * STN);
		assert.ok(chain.height < closing, 'it was redeemed within the grace');
		await until('the grace to pass', 90, () => chain.height + 1 >= closing);
		const before = await free(payer);
		await chain.submit(paymentChannels.finishClosing(channel.id), '//Dave');

		const { data } = await chain.event('paymentChannels', 'ChannelClosed', 30, (e) => Number(e.channel) === channel.id);
		assert.equal(data.refunded.toBigInt(), 3n * STN);
		assert.equal(await free(payer), before + 3n * STN + settings.recordDeposit.toBigInt());
		assert.equal(await held(payer), 0n);
		assert.equal(await channel.page(), undefined);
		await assert.rejects(chain.submitFree(channel.redemption(8n * STN)), /101[01]: /);
	});

	test('a payee ends a channel at once', async () => {
		const { payer, payee, channel } = await newChannel('close');
		const { paymentChannels } = chain.api.tx;
		await channel.redeem(STN);
		await assert.rejects(chain.submit(paymentChannels.close(channel.id), payer), { message: 'paymentChannels.NotPayee' });
		await chain.submit(paymentChannels.close(channel.id), payee);
		assert.equal(await channel.page(), undefined);
		assert.equal(await held(payer), 0n);
	});

	test('every malformed call is refused by name and holds nothing', async () => {
		const { paymentChannels } = chain.api.tx;
		const { channel } = await newChannel('malformed');
		const [alice, ferdie] = ['//Alice', '//Ferdie'].map((suri) => chain.account(suri).address);
		const key = channel.key.publicKey;
		/** @type {[Call, string][]} */
		const malformed = [
			[paymentChannels.open(ferdie, key, DEPOSIT), 'paymentChannels.PayeeIsPayer'],
			[paymentChannels.open(alice, key, settings.minRedeem.toBigInt() - 1n), 'paymentChannels.DepositTooSmall'],
			[paymentChannels.open(alice, key, 1n << 100n), 'token.FundsUnavailable'],
			[paymentChannels.topUp(channel.id, STN), 'paymentChannels.NotPayer'],
			[paymentChannels.topUp(9999, STN), 'paymentChannels.UnknownChannel'],
			[paymentChannels.startClosing(channel.id), 'paymentChannels.NotPayer'],
			[paymentChannels.finishClosing(channel.id), 'paymentChannels.NotClosing'],
			[paymentChannels.close(channel.id), 'paymentChannels.NotPayee'],
			[chain.api.tx.utility.batchAll([channel.redemption(STN)]), 'BadOrigin'],
			[chain.api.tx.settings.setChannels(settings.toJSON()), 'BadOrigin'],
		];
		for (const [call, message] of malformed) {
			const before = await held('//Ferdie');
			await assert.rejects(chain.submit(call, '//Ferdie'), (/** @type {Error} */ error) => {
				assert.match(error.message, new RegExp(message.split('.').slice(-1)[0]), /** @type {Codec} */ (call.method.toHuman()).method);
				return true;
			});
			assert.equal(await held('//Ferdie'), before, 'nothing stays on hold');
		}
	});

	describe('a node that charges for delivery', { concurrency: 1 }, () => {
		const PRICE = 10n * STN;
		const GIB = 1n << 30n;
		const STEP = 1 << 18;
		/** @type {Provider} */
		let provider;
		/** @type {Customer} */
		let customer;
		/** @type {string} */
		let file;
		/** @type {string} */
		let hash;
		/** @type {string} */
		let payer;
		/** @type {number} */
		let channel;
		let copies = 0;
		// What all fetches have cost.
		let promised = 0n;

		before(async () => {
			const [operator, owner] = await Promise.all([network.fund('charging'), network.fund('customer-who-pays')]);
			payer = owner;
			const delivery = { price: '10', step: STEP, redeem: '0.1' };
			provider = await network.addProvider('charging', operator, { config: { delivery } });
			customer = network.customer('customer-who-pays', owner);
			file = await randomFile(path.join(network.folder, 'paid-for'), (6 << 20) + 5);
			({ hash } = await customer.store(file, [provider.node], 100));
		});

		/**
		 * Fetches the file, with these arguments; returns what it cost and compares the bytes.
		 *
		 * @param {string[]} args
		 * @returns {Promise<{ channel: number, amount: string }>}
		 */
		async function fetchPaid(args) {
			const output = path.join(network.folder, `paid-copy-${copies++}`);
			const { stdout } = await customer.read('fetch', [hash, '--output', output, '--json', ...args]);
			assert.equal(await sha256(output), await sha256(file));
			const { paid, bytes } = lastJson(stdout);
			const amount = BigInt(paid.amount);
			// The file and the hashes that verify it, 0.4 % and eight bytes.
			const least = (BigInt(bytes) * PRICE) / GIB;
			assert.ok(amount > least && amount < least + least / 200n, `${amount} for ${bytes} bytes`);
			promised += amount;
			return paid;
		}

		/**
		 * What of this channel the chain has paid out.
		 *
		 * @type {() => bigint}
		 */
		const redeemed = () =>
			chain
				.seen('paymentChannels', 'VoucherRedeemed', (e) => Number(e.channel) === channel)
				.reduce((sum, { data }) => sum + data.paid.toBigInt() + data.burned.toBigInt() + data.fee.toBigInt(), 0n);

		/** What the node holds and the chain has not paid out, as its latest report says. */
		const waiting = async () => BigInt((await network.status(provider)).chain.delivery.waiting);

		/**
		 * Waits until every promise is either redeemed or waits, and so much of it waits.
		 *
		 * @param {bigint} amount
		 */
		const untilWaiting = (amount) =>
			until(`vouchers over ${amount} to wait`, 60, async () => {
				const held = await waiting();
				return held === amount && redeemed() + held === promised;
			});

		test('it serves nobody for free, and nobody for less than it asks', async () => {
			const output = path.join(network.folder, 'unpaid');
			const refusals = [[], ['--max-price', '9.99']];
			for (const args of refusals) {
				const { stderr } = await customer.read('fetch', [hash, '--output', output, ...args], { expectFailure: true });
				assert.match(stderr, /the node charges 10 STN per GiB/);
			}
			assert.equal(chain.seen('paymentChannels', 'ChannelOpened', (e) => e.payer.toString() === chain.account(payer).address).length, 0);
		});

		test('a fetch opens a channel, pays for what arrives, and the node keeps the vouchers', async () => {
			const paid = await fetchPaid(['--max-price', '10', '--deposit', '1', '--suri', payer]);

			channel = paid.channel;
			const { channel: record } = (await chain.call.substationApi.channelPage(channel)).unwrap();
			assert.equal(record.payee.toString(), chain.account(provider.suri).address);
			assert.equal(record.payer.toString(), chain.account(payer).address);
			assert.equal(record.deposit.toBigInt(), STN);
			// Less than what the node redeems at once.
			assert.equal(record.spent.toBigInt(), 0n);
			await untilWaiting(promised);
			assert.ok((await network.audit()).channelDeposit.held > 0n);
		});

		test('the next fetch needs no key of an account, and the node turns its vouchers into money', async () => {
			const before = await free(provider.suri);
			const paid = await fetchPaid(['--max-price', '10']);

			assert.equal(paid.channel, channel);
			const { data } = await chain.event('paymentChannels', 'VoucherRedeemed', 60, (e) => Number(e.channel) === channel);
			await untilWaiting(promised - redeemed());
			assert.ok(data.cumulative.toBigInt() >= STN / 10n);
			assert.ok((await free(provider.suri)) >= before + data.paid.toBigInt());
		});

		test('when its customer closes the channel, the node redeems all the rest in time', async () => {
			await fetchPaid(['--max-price', '10']);
			await substation(['close-channel', String(channel), '--data', customer.data, '--rpc', provider.ws, '--suri', payer]);
			await until('everything to be redeemed', 60, () => redeemed() === promised);
			await untilWaiting(0n);

			/** @type {Parameters<typeof customer.read>} */
			const refused = ['fetch', [hash, '--output', path.join(network.folder, 'closing'), '--max-price', '10'], { expectFailure: true }];
			assert.match((await customer.read(...refused)).stderr, /a channel has to be opened/);
			const { channel: record } = (await chain.call.substationApi.channelPage(channel)).unwrap();
			await until('the grace to pass', 90, () => chain.height >= record.closing.unwrap().toNumber());
			await substation(['close-channel', String(channel), '--data', customer.data, '--rpc', provider.ws, '--suri', payer]);
			const { data } = await chain.event('paymentChannels', 'ChannelClosed', 30, (e) => Number(e.channel) === channel);
			assert.equal(data.refunded.toBigInt(), STN - promised);
		});

		test('an interrupted fetch goes on where it was, and nothing is paid for twice', async () => {
			const bytes = 192 << 20;
			const large = await randomFile(path.join(network.folder, 'large'), bytes);
			const { hash: name } = await customer.store(large, [provider.node], 10);
			const output = path.join(network.folder, 'large-copy');
			const args = ['fetch', name, '--output', output, '--max-price', '10', '--data', customer.data, '--rpc', provider.ws, '--json'];
			const first = new Daemon('interrupted', AGENT, [...args, '--suri', payer]);
			const arrived = async () => (await stat(`${output}.${bytes}.part`)).blocks * 512;
			await until('a part to arrive', 120, async () => (await arrived()) > 8 << 20, 1);
			await first.stop('SIGINT', 60);
			assert.match(first.lines.join('\n'), /interrupted; what has arrived is kept/);
			const [{ spent }] = JSON.parse((await customer.read('channels', ['--json'])).stdout);

			const { stdout } = await substation(args);

			assert.equal(await sha256(output), await sha256(large));
			const total = BigInt(spent) + BigInt(lastJson(stdout).paid.amount);
			/** @type {(size: number) => bigint} */
			const cost = (size) => (BigInt(Math.ceil(size)) * PRICE) / GIB;
			// Hashes for all of it, and what was on its way: one step.
			assert.ok(BigInt(spent) > cost(8 << 20) && total < cost(bytes * 1.005 + 2 * STEP), `${spent}, ${total} in all`);
		});
	});
});

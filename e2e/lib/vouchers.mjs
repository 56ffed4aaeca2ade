// @ts-check
// Payment channels as a payer's own script would use them: a deposit, a key, vouchers.

/**
 * @import { KeyringPair } from '@polkadot/keyring/types'
 * @import { Chain, Codec, EventRecord } from './chain.mjs'
 */

const TAG = Buffer.from('substation/voucher/v1');

/**
 * What a channel's key signs for everything that its payee may have taken so far, together.
 *
 * @param {Buffer} genesis
 * @param {number} channel
 * @param {bigint} cumulative
 */
export function voucherMessage(genesis, channel, cumulative) {
	const amounts = Buffer.alloc(24);
	amounts.writeBigUInt64LE(BigInt(channel));
	amounts.writeBigUInt64LE(BigInt(cumulative) & 0xffffffffffffffffn, 8);
	amounts.writeBigUInt64LE(BigInt(cumulative) >> 64n, 16);
	return Buffer.concat([TAG, genesis, amounts]);
}

/** A channel that this script has opened. */
export class PaidChannel {
	/** @type {Chain} */
	chain;
	/** @type {number} */
	id;
	/** @type {string} The secret of the account that pays. */
	payer;
	/** @type {string} The address of the account that is paid. */
	payee;
	/** @type {KeyringPair} */
	key;

	/**
	 * @param {Chain} chain
	 * @param {string} payer
	 * @param {string} payee
	 * @param {bigint} deposit
	 */
	static async open(chain, payer, payee, deposit) {
		const channel = new PaidChannel();
		channel.chain = chain;
		channel.payer = payer;
		channel.payee = chain.account(payee).address;
		channel.key = chain.keyring.addFromUri(`${payer}//voucher//${Math.random()}`, {}, 'ed25519');
		const events = await chain.submit(chain.api.tx.paymentChannels.open(channel.payee, channel.key.publicKey, deposit), payer);
		const isOpening = ({ event }) => event.section === 'paymentChannels' && event.method === 'ChannelOpened';
		const { event } = /** @type {EventRecord} */ (events.find(isOpening));
		channel.id = event.data.channel.toNumber();
		return channel;
	}

	/**
	 * The free call that redeems a voucher, signed by this channel's key or another.
	 *
	 * @param {bigint} cumulative
	 */
	redemption(cumulative, key = this.key, id = this.id) {
		const { api } = this.chain;
		const message = voucherMessage(Buffer.from(api.genesisHash.toU8a()), id, cumulative);
		return api.tx.paymentChannels.redeem(this.id, cumulative, key.sign(message));
	}

	/**
	 * What the chain says of it; nothing once it is closed.
	 *
	 * @returns {Promise<Codec>}
	 */
	async page() {
		const page = await this.chain.call.substationApi.channelPage(this.id);
		return page.isSome ? page.unwrap() : undefined;
	}

	/**
	 * Redeems a voucher and waits for the block that pays it; returns the three parts.
	 *
	 * @param {bigint} cumulative
	 * @returns {Promise<{ paid: bigint, burned: bigint, fee: bigint }>}
	 */
	async redeem(cumulative) {
		await this.chain.submitFree(this.redemption(cumulative));
		const { data } = await this.chain.event(
			'paymentChannels',
			'VoucherRedeemed',
			30,
			(e) => Number(e.channel) === this.id && e.cumulative.toBigInt() === BigInt(cumulative),
		);
		return { paid: data.paid.toBigInt(), burned: data.burned.toBigInt(), fee: data.fee.toBigInt() };
	}
}

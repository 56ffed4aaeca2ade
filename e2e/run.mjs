// @ts-check
// The main job, from a fresh chain to a caught cheat; see scripts/run.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { randomFile, sha256, storedFiles, wipe } from './lib/files.mjs';
import { Network } from './lib/network.mjs';
import { until } from './lib/processes.mjs';

/**
 * @import { Chain, ChainEvent, Codec } from './lib/chain.mjs'
 * @import { Provider } from './lib/network.mjs'
 */

const HELP = `usage: scripts/run [FILE] [--keep] [--once --json]

Starts a local chain and three storage nodes, stores FILE (or a 64 MiB file of random bytes) on all three, shows proofs
and payments as they happen, destroys one node's data, shows the missed windows, the fine and the refund, fetches the
file back from another node and compares it byte for byte.

  --keep    leave the network up afterwards and print its endpoints; Ctrl-C ends it
  --once    one cycle, then stop (the default without --keep)
  --json    end with one line of JSON on standard output
`;

const flags = new Set(process.argv.slice(2).filter((argument) => argument.startsWith('-')));
const [given] = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
if (flags.has('--help') || flags.has('-h')) {
	process.stdout.write(HELP);
	process.exit(0);
}
for (const flag of flags) {
	if (!['--keep', '--once', '--json'].includes(flag)) {
		process.stderr.write(`unknown option ${flag}\n\n${HELP}`);
		process.exit(2);
	}
}

const HEALTHY_PERIODS = 2;
const started = Date.now();
const seconds = () => Math.round((Date.now() - started) / 1000);
const colour = process.stderr.isTTY ? { dim: '\x1b[2m', good: '\x1b[32m', bad: '\x1b[31m', bold: '\x1b[1m', end: '\x1b[0m' } : { dim: '', good: '', bad: '', bold: '', end: '' };
const stamp = () => `${colour.dim}${String(Math.floor(seconds() / 60)).padStart(2)}:${String(seconds() % 60).padStart(2, '0')}${colour.end}`;
/** @type {(text: string, tone?: string) => boolean} */
const say = (text, tone = '') => process.stderr.write(`${stamp()}  ${tone}${text}${tone ? colour.end : ''}\n`);
/** @type {(text: string) => boolean} */
const chapter = (text) => process.stderr.write(`\n${stamp()}  ${colour.bold}${text}${colour.end}\n`);
/** @type {(value: Codec) => bigint} */
const big = (value) => BigInt(value.toString());
/** @type {(value: bigint | string) => string} */
const stn = (value) => `${(Number(value) / 1e12).toLocaleString('en', { maximumFractionDigits: 6 })} STN`;
/** @type {(events: ChainEvent[], field: string) => bigint} */
const sum = (events, field) => events.reduce((total, { data }) => total + big(data[field]), 0n);

/**
 * Prints what the chain says, in a person's words.
 *
 * @param {Chain} chain
 * @param {Map<string, string>} names
 */
function watch(chain, names) {
	/** @type {(id: Codec) => string} */
	const node = (id) => names.get(id.toString()) ?? `node ${id}`;
	/** @type {Record<string, (e: Record<string, Codec>) => string | [text: string, tone: string]>} */
	const words = {
		'registry.NodeRegistered': (e) => `node ${e.node} registered`,
		'storageMarket.DealProposed': (e) => `deal ${e.deal}: proposed to ${node(e.node)}, ${stn(big(e.rate))} per period for ${e.periods} periods, in escrow`,
		'storageMarket.DealAccepted': (e) => [`deal ${e.deal}: ${node(e.node)} has the bytes; due in periods ${e.first} to ${e.last}`, colour.good],
		'storageProofs.WindowProven': (e) => [`${node(e.node)} proved period ${e.period}`, colour.good],
		'storageProofs.WindowsMissed': (e) => [`${node(e.node)} missed ${e.count} window(s) from period ${e.first}; fined ${stn(big(e.fined))}`, colour.bad],
		'storageProofs.MissReported': (e) => `reporter of ${node(e.node)} got ${stn(big(e.bounty))}`,
		'storageProofs.NodeTerminated': (e) => [`${node(e.node)} terminated as of period ${e.period}`, colour.bad],
		'storageMarket.DealSettled': (e) =>
			`deal ${e.deal}: ${e.proven} proven, ${e.missed} missed; provider ${stn(big(e.provider))}, burned ${stn(big(e.burned))}, treasury ${stn(big(e.treasury))}, refunded ${stn(big(e.refunded))}`,
		'storageMarket.CustomerCompensated': (e) => `deal ${e.deal}: customer compensated with ${stn(big(e.amount))}`,
		'session.NewSession': (e) => `session ${e.session_index}`,
	};
	return chain.onEvent(({ section, method, data, block }) => {
		const word = words[`${section}.${method}`];
		if (!word) return;
		const said = word(data);
		const [text, tone] = Array.isArray(said) ? said : [said, ''];
		say(`${colour.dim}#${String(block).padEnd(4)}${colour.end} ${text}`, tone);
	});
}

/**
 * Wipes everything that a provider stores, as a dying disk would, and lets its agent start again.
 *
 * @param {Network} network
 * @param {Provider} provider
 */
async function destroyData(network, provider) {
	await provider.agent.stop('SIGKILL');
	let destroyed = 0;
	for (const file of await storedFiles(provider.data)) destroyed += await wipe(file);
	if (destroyed === 0) throw new Error(`found no stored bytes of ${provider.name} to destroy`);
	await network.startAgent(provider);
	return destroyed;
}

async function main() {
	chapter('Starting a chain with one validator (2 s blocks, a period is 40 s)');
	const network = await Network.start({ slots: 'preset' });
	const { chain } = network;
	const names = new Map();
	watch(chain, names);
	await until('the first finalised block', 60, async () => (await chain.finalized()) > 0);
	say(`blocks are produced and finalised; files and logs are in ${network.folder}`);

	chapter('Three storage nodes register; the first proves with the off-chain worker of its own full node');
	const providers = [];
	/** @type {[string, string, boolean][]} */
	const registered = [['bob', '//Bob', true], ['charlie', '//Charlie', false], ['dave', '//Dave', false]];
	for (const [name, suri, fullNode] of registered) {
		const provider = await network.addProvider(name, suri, { fullNode, signer: await network.keyFile(name, suri) });
		names.set(String(provider.node), name);
		providers.push(provider);
	}

	const source = given ? path.resolve(given) : await randomFile(path.join(network.folder, 'file'), 64 << 20);
	const { size } = await stat(source);
	chapter(`Eve stores ${given ?? 'a file of random bytes'} (${(size / (1 << 20)).toFixed(1)} MiB) on all three`);
	const customer = network.customer('eve', '//Eve', await network.keyFile('eve', '//Eve'));
	const stored = await customer.store(source, providers.map(({ node }) => node), 100);
	say(`b3sum ${stored.hash}`);
	const deals = new Map(stored.deals.map(({ deal, node }) => [node, deal]));

	chapter(`Every node proves ${HEALTHY_PERIODS} periods`);
	/** @type {(provider: Provider) => number} */
	const provenBy = (provider) => chain.seen('storageProofs', 'WindowProven', (e) => Number(e.node) === provider.node).length;
	await Promise.all(providers.map((provider) => until(`${provider.name} to prove`, 240, () => provenBy(provider) >= HEALTHY_PERIODS)));

	const [, victim, survivor] = providers;
	const destroyed = await destroyData(network, victim);
	chapter(`${victim.name}'s disk is wiped: ${(destroyed / (1 << 20)).toFixed(1)} MiB are zeros now`);
	const destroyedAt = chain.height;
	const report = chain.api.tx.storageProofs.reportMissed(victim.node);
	const misses = () => sum(chain.seen('storageProofs', 'WindowsMissed', (e) => Number(e.node) === victim.node), 'count');
	const fined = () => sum(chain.seen('storageProofs', 'WindowsMissed', (e) => Number(e.node) === victim.node), 'fined');
	// The first miss is forgiven, the second in a row is fined. Anyone may report; Ferdie tries at every block.
	await until(`the fine of ${victim.name}`, 240, async () => {
		await chain.submit(report, '//Ferdie').catch((error) => {
			if (error.message !== 'storageProofs.NothingMissed') throw error;
		});
		return fined() > 0n;
	}, 2000);

	chapter('The deals are settled: proven periods are paid, missed ones go back to the customer');
	for (const deal of deals.values()) await chain.submit(chain.api.tx.storageMarket.settle(deal), '//Ferdie');
	const settled = () => chain.seen('storageMarket', 'DealSettled');
	await until('the settlements', 30, () => settled().length >= deals.size);

	chapter(`Eve fetches the file from ${survivor.name} and compares`);
	const fetched = path.join(network.folder, 'fetched');
	await customer.fetch(stored.hash, fetched, [survivor.node]);
	const fetchedOk = (await sha256(source)) === (await sha256(fetched));
	say(fetchedOk ? 'identical, byte for byte' : 'THE FETCHED FILE DIFFERS', fetchedOk ? colour.good : colour.bad);

	const proofs = chain.seen('storageProofs', 'WindowProven');
	const result = {
		stored_bytes: size,
		periods: new Set(proofs.map(({ data }) => `${data.period}`)).size,
		proofs_accepted: proofs.length,
		misses_after_damage: Number(misses()),
		provider_paid: sum(settled(), 'provider').toString(),
		burned: sum(settled(), 'burned').toString(),
		refunded: sum(settled(), 'refunded').toString(),
		fined: fined().toString(),
		fetched_ok: fetchedOk,
		seconds: seconds(),
	};
	chapter('What happened');
	say(`${result.proofs_accepted} proofs accepted; ${victim.name} missed ${result.misses_after_damage} after block ${destroyedAt}`);
	say(`providers got ${stn(result.provider_paid)}, burned ${stn(result.burned)}, refunded ${stn(result.refunded)}, fined ${stn(result.fined)}`);

	if (flags.has('--keep')) {
		chapter('The network stays up; Ctrl-C ends it');
		say(`chain      ${network.validator.ws}`);
		say(`explorer   https://polkadot.js.org/apps/?rpc=${encodeURIComponent(network.validator.ws)}`);
		for (const provider of providers) say(`${provider.name.padEnd(10)} node ${provider.node}, http://127.0.0.1:${provider.httpPort}/v1/status`);
		say(`folder     ${network.folder}`);
		if (flags.has('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
		await new Promise(() => setInterval(() => {}, 1 << 30));
	}
	await network.stop();
	if (flags.has('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
	const good = fetchedOk && result.misses_after_damage >= 2 && BigInt(result.fined) > 0n && BigInt(result.refunded) > 0n;
	process.exit(good ? 0 : 1);
}

main().catch(async (error) => {
	say(`failed: ${error.message}`, colour.bad);
	const { stopAll } = await import('./lib/processes.mjs');
	await stopAll();
	process.exit(1);
});

// @ts-check
// The lab: set rates against what the chain reads, and every attack against its bound. See scripts/bandwidth-lab.
import { withCommittees } from '../lib/committees.mjs';
import { Network } from '../lib/network.mjs';
import { stopAll } from '../lib/processes.mjs';
import { attacks } from './attacks.mjs';
import { honest } from './honest.mjs';
import { small } from './small.mjs';
import { Lines } from './lines.mjs';
import { say } from './words.mjs';

const flags = new Set(process.argv.slice(2));

/** @typedef {typeof chainWith} ChainWith */

/**
 * A chain with such committees that agents in other namespaces reach.
 *
 * @param {Parameters<typeof withCommittees>[0]} terms
 */
const chainWith = (terms) =>
	Network.start({
		slots: 'preset',
		genesis: withCommittees({ period: 20, ...terms }),
		nodeArgs: ['--unsafe-rpc-external', '--rpc-cors', 'all', '--rpc-max-connections', '500'],
	});

/**
 * What a part of the lab has to reach.
 *
 * @type {[string, (result: Record<string, number>) => boolean, string][]}
 */
const AIMS = [
	['honest_error_pct_max', (result) => result.honest_error_pct_max <= 5, 'at most 5'],
	['honest_error_with_loss_pct_max', (result) => result.honest_error_with_loss_pct_max <= 10, 'at most 10'],
	['overclaim_reading_over_true', (result) => result.overclaim_reading_over_true <= 1.1, 'at most 1.1'],
	['burst_bucket_reading_over_true', (result) => result.burst_bucket_reading_over_true <= 1.1, 'at most 1.1'],
	['inflation_measured', (result) => result.inflation_measured <= result.inflation_bound * 1.05, 'at most inflation_bound and 5 %'],
	['other_tricks_reading_over_true', (result) => result.other_tricks_reading_over_true <= 1.05, 'at most 1.05'],
	['bytes_per_test', (result) => result.bytes_per_test <= 1_600, 'at most 1,600'],
	['weight_us_per_test', (result) => result.weight_us_per_test <= 2_000, 'at most 2,000'],
];

/**
 * The aims of what was measured that were missed, in words. The small lab has too few tests for them.
 *
 * @param {Record<string, any>} result
 */
const missed = (result) =>
	AIMS.filter(([name, reached]) => name in result && !reached(result)).map(([name, , aim]) => `${name} is ${result[name]}, aim: ${aim}`);

async function main() {
	const lines = await Lines.start();
	const parts = flags.has('--small') ? [small] : flags.has('--honest') ? [honest] : flags.has('--attacks') ? [attacks] : [honest, attacks];
	const result = {};
	for (const part of parts) Object.assign(result, await part(lines, chainWith));
	if (flags.has('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
	const failed = flags.has('--small') ? [] : missed(result);
	if (failed.length > 0) throw new Error(`aims were missed: ${failed.join('; ')}`);
}

main().then(
	async () => {
		await stopAll();
		process.exit(0);
	},
	async (error) => {
		say(`failed: ${error.stack ?? error.message}`);
		await stopAll();
		process.exit(1);
	},
);

// @ts-check
// What the chain reads on lines of set rates: the small version of scripts/bandwidth-lab.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const lab = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'lab');

test('the chain reads what lines carry, and not what is claimed', { timeout: 1_500_000 }, () => {
	// A namespace of its own needs a process of its own. Where that is not permitted this fails: nothing is pretended.
	const { status, stdout, stderr } = spawnSync(path.join(lab, 'isolate'), ['node', path.join(lab, 'run.mjs'), '--small', '--json'], {
		encoding: 'utf8',
		timeout: 1_490_000,
	});
	assert.equal(status, 0, stderr);
	const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
	// Rates are of this machine and of this moment. A member that is a third of a second late costs two fifths of a reading
	// with committees of three; wide bounds tell a reading of the line from one of a doubled claim, and from none.
	assert.ok(result.honest_error_pct_max < 50, JSON.stringify(result));
	assert.ok(result.overclaim_reading_over_true < 1.1, JSON.stringify(result));
	assert.ok(result.bytes_per_test <= 400, JSON.stringify(result));
	// No step needs clocks that agree: one agent's was an hour ahead, another's an hour behind.
	const [ahead, behind] = result.clocks_ahead_seconds;
	assert.ok(Math.abs(ahead - 3_600) <= 60 && Math.abs(behind + 3_600) <= 60, JSON.stringify(result));
	// A member that dies costs its receipt and raises nothing; a node that dies while it is tested reads 0.
	assert.equal(result.receipts_without_killed_member, 2);
	const without = result.reading_over_true_without_killed_member;
	assert.ok(without > 0 && without < 1.1, JSON.stringify(result));
	// Status says so.
	assert.match(result.reason_without_killed_member, new RegExp(`2 of 3 receipts; member ${result.killed_member} .+; round trips of`));
	assert.ok(result.round_trip_ms >= 40, JSON.stringify(result));
	assert.equal(result.reading_of_killed_node_kbits, 0);
	assert.equal(result.reason_of_killed_node, 'NotSubmitted');
});

test('where namespaces are not permitted the lab says so, fails, and measures nothing', () => {
	const script = path.join(lab, '..', '..', 'scripts', 'bandwidth-lab');
	const { status, stdout, stderr } = spawnSync(
		'setpriv',
		['--bounding-set', '-sys_admin', '--no-new-privs', script, '--small', '--json'],
		{ encoding: 'utf8', timeout: 60_000 },
	);
	assert.notEqual(status, 0);
	assert.equal(stdout, '');
	assert.match(stderr, /does not permit network namespaces .+; nothing was measured/);
});

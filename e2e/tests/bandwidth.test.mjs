// What the chain reads on lines of set rates: the small version of scripts/bandwidth-lab.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const lab = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'lab');

test('the chain reads what lines carry, and not what is claimed', { timeout: 600_000 }, () => {
	// A namespace of its own needs a process of its own. Where that is not permitted this fails: nothing is pretended.
	const { status, stdout, stderr } = spawnSync(path.join(lab, 'isolate'), ['node', path.join(lab, 'run.mjs'), '--small', '--json'], {
		encoding: 'utf8',
		timeout: 590_000,
	});
	assert.equal(status, 0, stderr);
	const result = JSON.parse(stdout.trim().split('\n').at(-1));
	// Rates are of this machine and of this moment; wide bounds tell a reading of the line from one of the claim.
	assert.ok(result.honest_error_pct_max < 20, JSON.stringify(result));
	assert.ok(result.overclaim_reading_over_true < 1.1, JSON.stringify(result));
	assert.ok(result.bytes_per_test <= 400, JSON.stringify(result));
});

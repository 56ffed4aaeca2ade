// @ts-check
import { describe, it } from 'node:test';
import { RuleTester } from 'eslint';
import rule from './no-fixed-sleep.mjs';

RuleTester.describe = describe;
RuleTester.it = it;

const errors = [{ messageId: 'sleep' }];

new RuleTester().run('no-fixed-sleep', rule, {
	valid: [
		'await until("the fine", 240, () => fined() > 0n, 2000);',
		'import { until } from "../lib/processes.mjs";',
		'const { delay } = options;',
		'chain.fastTrack(call, members, voter, { delay: 2 });',
		'clearTimeout(timer);',
		'test("slow", { timeout: 900_000 }, () => {});',
		'calls[0]();',
		'(() => {})();',
	],
	invalid: [
		{ code: 'await delay(3000);', errors },
		{ code: 'await processes.delay(3000);', errors },
		{ code: 'await processes["delay"](3000);', errors },
		{ code: 'await new Promise((resolve) => setTimeout(resolve, 3000));', errors },
		{ code: 'globalThis.setTimeout(() => {}, 1);', errors },
		{ code: 'import { delay as pause } from "../lib/processes.mjs";', errors },
		{ code: 'import { "delay" as pause } from "../lib/processes.mjs";', errors },
		{ code: 'import timers from "node:timers/promises";', errors },
	],
});

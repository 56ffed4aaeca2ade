// @ts-check
// A local network of real programs: validators, full nodes, storage agents and customers.
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Chain, STN } from './chain.mjs';
import { Daemon, freePort, lastJson, run, stopAll, until } from './processes.mjs';

/** @import { RunOptions, RunResult } from './processes.mjs' */

/**
 * A node that runs, and what it was started with.
 * @typedef {object} RunningNode
 * @property {NodeSettings} settings
 * @property {Daemon} daemon
 * @property {string} ws
 * @property {string} address where other nodes reach it
 */

/** @typedef {{ name: string, args: string[], rpcPort: number, p2pPort: number, prometheusPort: number, basePath: string }} NodeSettings */

/**
 * A storage node: its folder, its agent, and the chain's node that the agent asks.
 * @typedef {object} Provider
 * @property {string} name
 * @property {string} suri
 * @property {string} data
 * @property {number} p2pPort
 * @property {number} httpPort
 * @property {string[]} agentArgs
 * @property {string} ws
 * @property {number} node its number on the chain
 * @property {Daemon} agent
 * @property {RunningNode} fullNode its own node, which is there only if it was asked for
 */

/**
 * How a storage node differs from the usual one; see `Network.addProvider`.
 * @typedef {object} ProviderOptions
 * @property {boolean} [fullNode]
 * @property {boolean} [worker]
 * @property {boolean} [agent]
 * @property {string[]} [signer] what names the key of who registers it; see `Network.keyFile`
 * @property {string} [data]
 * @property {string} [capacity]
 * @property {string} [price]
 * @property {string} [bond]
 * @property {Record<string, Record<string, unknown>>} [config]
 */

/** @typedef {RunOptions & { expectFailure?: boolean }} SubstationOptions */

/**
 * What `store --json` says.
 * @typedef {{ hash: string, deals: { deal: number, node: number, held: string | null, new: boolean }[] }} Stored
 */

/**
 * Returns what `store --json` says, or with `expectFailure` what it complains of.
 * @typedef {{
 *   (file: string, nodes: number[], periods: number, options: SubstationOptions & { expectFailure: true }): Promise<string>,
 *   (file: string, nodes: number[], periods: number, options?: SubstationOptions): Promise<Stored>,
 * }} Store
 */

/** @typedef {ReturnType<Network['customer']>} Customer */

const target =
	process.env.CARGO_TARGET_DIR ??
	path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'substation', 'target');
export const NODE = path.join(target, 'release', 'substation-node');
export const AGENT = path.join(target, 'release', 'substation');
/**
 * A runtime to upgrade to, which `scripts/test` builds.
 *
 * @param {string} name
 */
export const upgrade = (name) => path.join(target, 'upgrades', `${name}.wasm`);

/** What one build of the node always says alike is kept here for all tests, and what it has compiled. */
const SHARED = path.join(target, 'end-to-end');

/** Where nodes keep what they compile runtimes to. */
const COMPILED = path.join(SHARED, 'compiled-runtimes');

/**
 * A file with what `make` gives, made by the first who asks. What an earlier build has left is removed.
 *
 * @param {string} name
 * @param {() => Promise<string>} make
 */
async function onceForThisBuild(name, make) {
	const { mtimeMs, size } = await stat(NODE);
	const folder = path.join(SHARED, `specifications-${Math.round(mtimeMs)}-${size}`);
	const file = path.join(folder, name);
	if (await stat(file).catch(() => undefined)) return file;
	const content = await make();
	await mkdir(folder, { recursive: true });
	const others = (await readdir(SHARED)).filter((other) => other.startsWith('specifications-') && other !== path.basename(folder));
	await Promise.all(others.map((other) => rm(path.join(SHARED, other), { recursive: true, force: true })));
	// Others may make it at this moment: it appears whole.
	const draft = `${file}.${process.pid}`;
	await writeFile(draft, content);
	await rename(draft, file);
	return file;
}

/** Forgets how often compiled runtimes were used: those of much use are compressed anew, beside whatever runs. */
export async function forgetUse() {
	const names = await readdir(COMPILED, { recursive: true }).catch(() => []);
	await Promise.all(names.filter((name) => name.endsWith('.stats')).map((name) => rm(path.join(COMPILED, name), { force: true })));
}

/**
 * A specification as the node prints it.
 *
 * @param {string} chain
 * @param {string[]} more
 */
async function specification(chain, ...more) {
	const { code, stdout, stderr } = await run(NODE, ['export-chain-spec', '--chain', chain, ...more]);
	if (code !== 0) throw new Error(`no chain specification from ${chain}: ${stderr}`);
	return stdout;
}

/**
 * What tests wait for comes in slots of 1 s, the shortest that finality keeps up with. What has to outlast programs that
 * stand still for some seconds has as many seconds as with the preset's slots of 2 s, or more: windows, graces, deadlines
 * and votes. Of a period, three quarters are window: a first proof comes after 33 s on average, and after 54 s at most.
 */
const SHORT_SLOTS = {
	pace: {
		lengths: {
			slotMillis: 1_000,
			epochBlocks: 60,
			clock: { period: 32, window: 24, slotStep: 2 },
			committees: { deadline: 60 },
			channelGrace: 40,
			launchPeriod: 20,
			votingPeriod: 20,
			enactmentPeriod: 10,
			cooloffPeriod: 20,
			termDuration: 120,
		},
	},
	settings: { settings: { market: { acceptanceTime: 80 }, bandwidth: { ratingAge: 1_120 } } },
};

const VALIDATORS = { dev: ['alice'], local: ['alice', 'bob', 'charlie', 'dave'] };

/**
 * Runs the agent's program once; fails with what it said, unless `expectFailure`.
 *
 * @param {string[]} args
 * @param {SubstationOptions} [options]
 * @returns {Promise<RunResult>}
 */
export async function substation(args, { expectFailure = false, ...options } = {}) {
	const result = await run(AGENT, args, options);
	// Killed by the time limit is neither.
	if (result.code === null || (result.code !== 0) !== expectFailure) {
		throw new Error(`substation ${args.join(' ')} ended with ${result.code ?? result.signal}:\n${result.stderr}\n${result.stdout}`);
	}
	return result;
}

/**
 * Writes the leaves of one tree over those of another, in place.
 *
 * @param {Record<string, any>} tree
 * @param {Record<string, any>} leaves
 */
function overwrite(tree, leaves) {
	for (const [name, value] of Object.entries(leaves)) {
		if (value !== null && typeof value === 'object' && !Array.isArray(value)) overwrite((tree[name] ??= {}), value);
		else tree[name] = value;
	}
}

/**
 * Sets values in a section of an agent's configuration that has them already.
 *
 * @param {string} data
 * @param {string} section
 * @param {Record<string, unknown>} values
 */
async function configure(data, section, values) {
	const file = path.join(data, 'config.toml');
	const [before, after] = (await readFile(file, 'utf8')).split(`[${section}]\n`);
	const changed = Object.entries(values).reduce((text, [name, value]) => {
		const line = new RegExp(`^${name} = .*$`, 'm');
		if (!line.test(text ?? '')) throw new Error(`${file} has no ${name} under [${section}]`);
		return text.replace(line, `${name} = ${JSON.stringify(value)}`);
	}, after);
	await writeFile(file, `${before}[${section}]\n${changed}`);
}

export class Network {
	/** @type {string} The file of the chain's first state. */
	spec;
	/** @type {RunningNode} The first of them. */
	validator;
	/** @type {RunningNode[]} */
	validators;
	/** @type {Chain} */
	chain;

	/** @param {string} folder */
	constructor(folder) {
		this.folder = folder;
		/** @type {RunningNode[]} */
		this.nodes = [];
		/** @type {Provider[]} */
		this.providers = [];
		/** @type {string[]} */
		this.unfunded = [];
		/** @type {Promise<void>} */
		this.funding = Promise.resolve();
	}

	/**
	 * A chain with all validators of its preset (`dev` has one, `local` four), in a folder of its own. Its slots are short,
	 * unless the preset's own are asked for; its first state differs from the preset's in the fields of `genesis`, too.
	 *
	 * @param {{ preset?: 'dev' | 'local', slots?: 'short' | 'preset', genesis?: Record<string, unknown>, nodeArgs?: string[] }} [options]
	 */
	static async start({ preset = 'dev', slots = 'short', genesis = {}, nodeArgs = [] } = {}) {
		const network = new Network(await mkdtemp(path.join(os.tmpdir(), 'substation-')));
		try {
			await network.#startValidators(preset, slots === 'short' ? [SHORT_SLOTS, genesis] : [genesis], nodeArgs);
		} catch (error) {
			// Nobody else knows of it, and what still runs would keep the test from ending.
			await network.stop();
			throw error;
		}
		return network;
	}

	/**
	 * @param {'dev' | 'local'} preset
	 * @param {Record<string, unknown>[]} changes
	 * @param {string[]} nodeArgs
	 */
	async #startValidators(preset, changes, nodeArgs) {
		this.spec = await this.#rawSpec(preset, changes);
		const [first, ...others] = VALIDATORS[preset];
		/** @type {(name: string, ...more: string[]) => Promise<RunningNode>} */
		const start = (name, ...more) => this.startNode(name, ['--chain', this.spec, `--${name}`, '--validator', ...more, ...nodeArgs]);
		this.validator = await start(first, ...(others.length === 0 ? ['--force-authoring'] : []));
		this.validators = [this.validator, ...(await Promise.all(others.map((name) => start(name))))];
		// Among several validators the best block may be given up for another one.
		this.chain = await Chain.connect(this.validator.ws, { final: others.length > 0 });
	}

	/**
	 * Has a node compile this runtime, or that of the presets, unless this build of the node already has: nodes of tests,
	 * many at one time, then need not.
	 *
	 * @param {string} [file] the blob
	 */
	static async compile(file) {
		const code = file && (await readFile(file)).toString('hex');
		const name = code ? createHash('sha256').update(code).digest('hex').slice(0, 16) : 'present';
		await onceForThisBuild(`compiled-${name}`, async () => {
			const network = new Network(await mkdtemp(path.join(os.tmpdir(), 'substation-compile-')));
			try {
				network.spec = await network.#rawSpec('dev', []);
				const spec = JSON.parse(await readFile(network.spec, 'utf8'));
				if (code) spec.genesis.raw.top['0x3a636f6465'] = `0x${code}`;
				await writeFile(network.spec, JSON.stringify(spec));
				await network.startNode('compiling', ['--chain', network.spec]);
			} finally {
				await network.stop();
			}
			return '';
		});
	}

	/**
	 * A preset's first state with these changes, in a file. Worked out once by one build of the node: for each answer it
	 * compiles the runtime.
	 *
	 * @param {string} preset
	 * @param {Record<string, unknown>[]} changes
	 */
	async #rawSpec(preset, changes) {
		const plain = await onceForThisBuild(`${preset}.json`, () => specification(preset));
		const spec = JSON.parse(await readFile(plain, 'utf8'));
		for (const change of changes) overwrite(spec.genesis.runtimeGenesis.patch, change);
		const text = JSON.stringify(spec);
		const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
		const raw = await onceForThisBuild(`${preset}-${name}-raw.json`, async () => {
			const patched = path.join(this.folder, 'chain.json');
			await writeFile(patched, text);
			return specification(patched, '--raw');
		});
		const file = path.join(this.folder, 'chain-raw.json');
		await copyFile(raw, file);
		return file;
	}

	/**
	 * Starts a node; the first becomes the bootnode of the others.
	 *
	 * @param {string} name
	 * @param {string[]} args
	 * @param {NodeSettings} [reuse]
	 * @returns {Promise<RunningNode>}
	 */
	async startNode(name, args, reuse) {
		const settings = reuse ?? {
			name,
			args,
			rpcPort: await freePort(),
			p2pPort: await freePort(),
			prometheusPort: await freePort(),
			basePath: path.join(this.folder, name),
		};
		const boot = this.nodes.find((node) => node.settings.name !== name)?.address;
		const daemon = new Daemon(
			name,
			NODE,
			[
				...settings.args,
				...['--name', name, '--base-path', settings.basePath, '--no-telemetry', '--no-mdns'],
				...['--rpc-port', String(settings.rpcPort), '--prometheus-port', String(settings.prometheusPort)],
				...['--listen-addr', `/ip4/127.0.0.1/tcp/${settings.p2pPort}`, '--rpc-methods', 'unsafe'],
				...['--compiled-runtimes', COMPILED],
				...(boot ? ['--bootnodes', boot] : []),
			],
			{ log: path.join(this.folder, `${name}.log`) },
		);
		const identity = await daemon.line(/Local node identity is: (\S+)/, 180);
		const peer = /** @type {RegExpMatchArray} */ (identity.match(/identity is: (\S+)/))[1];
		const node = {
			settings,
			daemon,
			ws: `ws://127.0.0.1:${settings.rpcPort}`,
			address: `/ip4/127.0.0.1/tcp/${settings.p2pPort}/p2p/${peer}`,
		};
		// On a port that is taken it would listen somewhere else.
		await daemon.line(new RegExp(`Running JSON-RPC server: .*:${settings.rpcPort}\\b`), 180);
		this.nodes = this.nodes.filter((other) => other.settings.name !== name).concat(node);
		return node;
	}

	/**
	 * Stops a node and starts it again on the same data and ports.
	 *
	 * @param {RunningNode} node
	 * @param {NodeJS.Signals} [signal]
	 */
	async restartNode(node, signal = 'SIGTERM') {
		await node.daemon.stop(signal);
		return this.startNode(node.settings.name, node.settings.args, node.settings);
	}

	/**
	 * Makes a storage node: keys, registration, agent. With `fullNode` it has a node of its own, whose off-chain
	 * worker proves where `worker` says so, and the agent where `agent` says so. `config` changes sections of the agent's
	 * configuration.
	 *
	 * @param {string} name
	 * @param {string} suri
	 * @param {ProviderOptions} [options]
	 * @returns {Promise<Provider>}
	 */
	async addProvider(
		name,
		suri,
		{
			fullNode = false,
			worker = fullNode,
			agent = !worker,
			signer = ['--suri', suri],
			data,
			capacity = '10GiB',
			price = '0.01',
			bond = '1000',
			config = {},
		} = {},
	) {
		const provider = /** @type {Provider} */ ({
			name,
			suri,
			data: data ?? path.join(this.folder, name),
			p2pPort: await freePort(),
			httpPort: await freePort(),
			agentArgs: agent ? [] : ['--no-prove'],
		});
		await mkdir(provider.data, { recursive: true });
		let ws = this.validator.ws;
		if (fullNode) {
			provider.fullNode = await this.startNode(`${name}-node`, [
				...['--chain', this.spec, ...(worker ? ['--agent-url', `http://127.0.0.1:${provider.httpPort}`] : [])],
			]);
			ws = provider.fullNode.ws;
			await this.chain.synced(ws);
		}
		provider.ws = ws;
		await substation([
			...['init', '--data', provider.data, '--rpc', this.validator.ws],
			...['--listen', `127.0.0.1:${provider.p2pPort}`, '--http', `127.0.0.1:${provider.httpPort}`],
		]);
		for (const [section, values] of Object.entries(config)) await configure(provider.data, section, values);
		const { stdout } = await substation([
			...['register', '--data', provider.data, '--rpc', this.validator.ws, ...signer, '--json'],
			...['--capacity', capacity, '--price', price, '--bond', bond, '--region', 'CH'],
			...['--address', `127.0.0.1:${provider.p2pPort}`],
		]);
		provider.node = lastJson(stdout).node;
		await this.startAgent(provider);
		this.providers.push(provider);
		return provider;
	}

	/** @param {Provider} provider */
	async startAgent(provider) {
		provider.agent = new Daemon(
			provider.name,
			AGENT,
			['run', '--data', provider.data, '--rpc', provider.ws, ...provider.agentArgs],
			{ log: path.join(this.folder, `${provider.name}.log`) },
		);
		await until(`${provider.name} to answer on HTTP`, 60, async () => {
			if (provider.agent.outcome) throw new Error(`it ended: ${provider.agent.lines.slice(-10).join('\n')}`);
			return (await this.http(provider, '/v1/node'))?.ok;
		});
		return provider.agent;
	}

	/**
	 * One request to an agent's own HTTP server; nothing where it does not answer.
	 *
	 * @param {Provider} provider
	 * @param {string} route
	 * @returns {Promise<Response | undefined>}
	 */
	async http(provider, route) {
		return fetch(`http://127.0.0.1:${provider.httpPort}${route}`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
	}

	/**
	 * What an agent says of itself, once it has seen what this test has seen: the chain's newest block.
	 *
	 * @param {Provider} provider
	 * @returns {Promise<any>}
	 */
	async status(provider) {
		const { height } = this.chain;
		return until(`${provider.name} to have seen block ${height}`, 60, async () => {
			const status = await this.statusNow(provider);
			return (status?.chain?.bestBlock ?? -1) >= height && status;
		});
	}

	/**
	 * What an agent says of itself at this moment, of whatever block; nothing where it does not answer. For what an agent
	 * says that sees no blocks.
	 *
	 * @param {Provider} provider
	 * @returns {Promise<any>}
	 */
	async statusNow(provider) {
		return (await this.http(provider, '/v1/status'))?.json();
	}

	/**
	 * The pots by name, as `substation audit` reads them once everything that has happened so far is final. Fails if
	 * something is not accounted for.
	 *
	 * @returns {Promise<Record<string, { held: bigint, owed: bigint }>>}
	 */
	async audit() {
		const { height } = this.chain;
		await until(`block ${height} to be final`, 60, async () => (await this.chain.finalized()) >= height);
		const folder = path.join(this.folder, 'auditor');
		const { stdout } = await substation(['audit', '--data', folder, '--rpc', this.validator.ws, '--json']);
		const amounts = ({ pot, held, owed }) => [pot, { held: BigInt(held), owed: BigInt(owed) }];
		return Object.fromEntries(JSON.parse(stdout).pots.map(amounts));
	}

	/**
	 * Gives an account of this name money enough for a bond or a deal; those who ask at one time share a batch.
	 *
	 * @param {string} name
	 */
	fund(name) {
		const suri = `//${name}`;
		this.unfunded.push(this.chain.account(suri).address);
		// One transaction after the other; those who wait for one that failed are told, and nobody else.
		this.funding = this.funding.catch(() => {}).then(async () => {
			const { balances, utility } = this.chain.api.tx;
			const transfers = this.unfunded.splice(0).map((address) => balances.transferKeepAlive(address, 5_000n * STN));
			if (transfers.length > 0) await this.chain.submit(utility.batchAll(transfers), '//Alice');
		});
		return this.funding.then(() => suri);
	}

	/**
	 * What names the key of an account to a command, as people do: a file with the key under a password.
	 *
	 * @param {string} name of the file
	 * @param {string} suri
	 * @returns {Promise<string[]>}
	 */
	async keyFile(name, suri) {
		const [file, password] = [`${name}.json`, `${name}.password`].map((file) => path.join(this.folder, file));
		await writeFile(password, randomBytes(16).toString('hex'), { mode: 0o600 });
		await substation(['key', 'import', file, '--password-file', password], { input: suri });
		return ['--key-file', file, '--password-file', password];
	}

	/**
	 * A customer with a data folder of its own.
	 *
	 * @param {string} name
	 * @param {string} suri
	 * @param {string[]} [signer] what names the account's key
	 */
	customer(name, suri, signer = ['--suri', suri]) {
		const data = path.join(this.folder, name);
		const base = ['--data', data, '--rpc', this.validator.ws];
		return {
			data,
			suri,
			/** @type {Store} */
			store: (file, nodes, periods, options = {}) =>
				substation(
					[
						...['store', file, ...base, ...signer, '--periods', String(periods), '--json'],
						...nodes.flatMap((node) => ['--node', String(node)]),
					],
					options,
				).then(({ stdout, stderr }) => (options.expectFailure ? stderr : lastJson(stdout))),
			/** @type {(hash: string, output: string, nodes?: number[], options?: SubstationOptions) => Promise<RunResult>} */
			fetch: (hash, output, nodes = [], options = {}) =>
				substation(
					['fetch', hash, '--output', output, ...base, ...nodes.flatMap((node) => ['--node', String(node)])],
					options,
				),
			/**
			 * A command that signs nothing.
			 *
			 * @type {(name: string, args?: string[], options?: SubstationOptions) => Promise<RunResult>}
			 */
			read: (name, args = [], options) => substation([name, ...args, ...base], options),
			/**
			 * A command that the account signs.
			 *
			 * @type {(name: string, args: string[], options?: SubstationOptions) => Promise<RunResult>}
			 */
			command: (name, args, options) => substation([name, ...args, ...base, ...signer], options),
		};
	}

	/** Ends everything, and deletes the folder unless it is to be looked at. */
	async stop() {
		try {
			await this.chain?.disconnect();
		} finally {
			await stopAll();
		}
		if (!process.env.KEEP) await rm(this.folder, { recursive: true, force: true });
	}
}

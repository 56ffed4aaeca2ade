// @ts-check
// Before many tests run side by side: the runtimes that their nodes execute are compiled, one after the other.
// Arguments: blobs to upgrade to.
import { Network, forgetUse } from './lib/network.mjs';

await forgetUse();
await Network.compile();
for (const blob of process.argv.slice(2)) await Network.compile(blob);

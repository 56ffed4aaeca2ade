// @ts-check
// Where the programs under test are.
import path from 'node:path';
import { AGENT } from '../lib/network.mjs';

export { AGENT };
export const LAB = path.join(path.dirname(AGENT), 'substation-lab');

/** All rows, in the order of the table. */
import type { Row } from '../row.ts';
import { frozen } from './provider/frozen.ts';
import { killed } from './provider/killed.ts';
import { slow } from './provider/slow.ts';

export const rows: readonly Row[] = [killed, frozen, slow];

import type { PlanMethod } from '../plan.ts'
import { colored } from './colored.ts'
import { compressed } from './compressed.ts'
import { dense } from './dense.ts'
import { newsamRamsdell } from './newsamRamsdell.ts'
import { rainbow } from './rainbow.ts'
import type { Recovery } from './recovery.ts'

/** Every recovery by its name; the shared estimator tests loop over this table. */
export const recoveries: { readonly [method in PlanMethod]: Recovery } = {
  dense,
  colored,
  'newsam-ramsdell': newsamRamsdell,
  rainbow,
  compressed,
}

import type { Pattern } from '../linalg/pattern.ts'
import { colorColumns } from './colorColumns.ts'
import { colorTwins } from './colorTwins.ts'
import { type Elimination, eliminate } from './eliminate.ts'
import { findTwins, type Symmetry } from './symmetricBlocks.ts'

/** How entries may be read off differences: each alone, or also by substitution; 'auto' substitutes where that is accurate. */
export type Reading = 'auto' | 'direct' | 'substitution'

export interface ChosenColoring {
  readonly colors: Int32Array // [cols]
  readonly numColors: number
  readonly elimination: Elimination | null // null: every entry stands alone in its difference
  readonly note: string
}

/**
 * 'auto' substitutes up to so many differences into an entry: at worst, their errors then add up to a tenth of the certificate's
 * default tolerance (see defaultTolerance in steps.ts).
 */
const MOST_TERMS = 1000

/**
 * The coloring of the columns of a pattern with the fewest colors from which the Jacobian can be recovered; with symmetric blocks,
 * star coloring competes with column coloring, and acyclic coloring where substitution is allowed. The simpler reading on a tie.
 */
export function chooseColoring(pattern: Pattern, symmetry: Symmetry | null, reading: Reading): ChosenColoring {
  const column = colorColumns(pattern)
  const fewest = column.optimal ? ', provably the fewest' : ''
  let best: ChosenColoring = {
    colors: column.colors,
    numColors: column.numColors,
    elimination: null,
    note: `${column.order} order${fewest}`,
  }
  if (symmetry === null) return best
  const twins = findTwins('sensing', pattern, symmetry)
  const offer = (problem: 'star' | 'acyclic') => {
    const { colors, numColors, order } = colorTwins(pattern, twins, problem)
    if (numColors >= best.numColors) return
    const elimination = eliminate(pattern, twins.twin, colors, numColors)
    if (elimination === null) throw new Error(`sensing: a ${problem} coloring that cannot be decoded; please report it`)
    if (reading === 'auto' && elimination.terms > MOST_TERMS) return
    const how = elimination.terms === 1 ? '' : `, entries by substitution from at most ${elimination.terms} differences`
    best = { colors, numColors, elimination, note: `${problem} coloring, symmetric, ${order} order${how}` }
  }
  offer('star')
  if (reading !== 'direct') offer('acyclic')
  return best
}

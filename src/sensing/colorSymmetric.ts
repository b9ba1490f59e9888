/**
 * Coloring of symmetric patterns: twin entries J_ij = J_ji need to be found once only, so that fewer directions do than a column
 * coloring takes. A star coloring reads every entry off one difference, an acyclic coloring takes substitution and still fewer
 * directions (Coleman and Moré 1984, doi:10.1007/BF02612334; Coleman and Cai 1986, doi:10.1137/0607026). Greedy, deterministic.
 */

import { checkPattern } from '../linalg/checkPattern.ts'
import type { Pattern } from '../linalg/pattern.ts'
import { acyclicColoring } from './acyclicColoring.ts'
import { adjacencyGraph } from './adjacencyGraph.ts'
import { COLUMN_ORDERS, type ColumnOrder, orderVertices } from './columnOrders.ts'
import { type GreedyColoring, starColoring2005, starColoring2007 } from './starColoring.ts'
import { symmetricLowerBound } from './symmetricLowerBound.ts'

export type SymmetricProblem = 'star' | 'acyclic'

/** Greedy rules by year: two for star colorings, one for acyclic ones. */
export type SymmetricRule = '2005' | '2007'

export const SYMMETRIC_RULES: Readonly<Record<SymmetricProblem, readonly SymmetricRule[]>> = {
  star: ['2005', '2007'],
  acyclic: ['2007'],
}

export interface SymmetricColoring {
  readonly colors: Int32Array // [n], 0 … numColors − 1
  readonly numColors: number
  readonly problem: SymmetricProblem
  readonly order: ColumnOrder // the one that gave this coloring
  readonly rule: SymmetricRule // the one that gave this coloring
  readonly lowerBound: number // no coloring of this problem has fewer colors
  readonly optimal: boolean // numColors equals lowerBound: provably the fewest. false: not known
}

export interface ColorSymmetricOptions {
  readonly problem: SymmetricProblem
  readonly order?: ColumnOrder | 'best' | undefined // default 'best'
  readonly rule?: SymmetricRule | 'best' | undefined // default 'best'; acyclic colorings have the 2007 rule only
}

/**
 * Colors a symmetric pattern; its diagonal plays no part. 'best' tries all orders, or rules, and keeps the fewest colors, the
 * earlier one on a tie, and stops at a provably optimal coloring. Throws RangeError on an unknown option, a pattern that is not
 * square, or an entry without its mirror image.
 */
export function colorSymmetric(pattern: Pattern, options: ColorSymmetricOptions): SymmetricColoring {
  const { problem, order = 'best', rule = 'best' } = options
  requireOneOf('problem', problem, Object.keys(SYMMETRIC_RULES))
  requireOneOf('order', order, [...COLUMN_ORDERS, 'best'])
  requireOneOf(`rule of ${problem} colorings`, rule, [...SYMMETRIC_RULES[problem], 'best'])
  checkPattern('colorSymmetric', pattern)
  const graph = adjacencyGraph('colorSymmetric', pattern)
  const lowerBound = symmetricLowerBound(graph, problem)

  let best: SymmetricColoring | null = null
  for (const triedOrder of order === 'best' ? COLUMN_ORDERS : [order]) {
    const ordered = orderVertices(graph, triedOrder)
    for (const triedRule of rule === 'best' ? SYMMETRIC_RULES[problem] : [rule]) {
      const { colors, numColors } = GREEDY[problem][triedRule](graph, ordered)
      const optimal = numColors === lowerBound
      if (best === null || numColors < best.numColors)
        best = { colors, numColors, problem, order: triedOrder, rule: triedRule, lowerBound, optimal }
      if (optimal) return best
    }
  }
  return best!
}

type Greedy = (...parameters: Parameters<typeof starColoring2005>) => GreedyColoring

/** The greedy method of each problem and rule. */
const GREEDY: Readonly<Record<SymmetricProblem, Readonly<Record<SymmetricRule, Greedy>>>> = {
  star: { '2005': starColoring2005, '2007': starColoring2007 },
  acyclic: { '2005': acyclicColoring, '2007': acyclicColoring },
}

function requireOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw new RangeError(`colorSymmetric: ${name} must be one of ${allowed.join(', ')}; got ${String(value)}`)
}

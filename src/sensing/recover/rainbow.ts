import { random } from '../../linalg/random.ts'
import { chooseColoring } from '../chooseColoring.ts'
import { densestRow, type Family, familyInto, familyOf, isPlainlySparse } from '../family.ts'
import type { Plan } from '../plan.ts'
import { amplification } from '../rainbow/identify.ts'
import { DECODINGS } from '../rainbow/solveEquations.ts'
import { solveFamily } from '../rainbow/solveFamily.ts'
import { outvoteValues } from '../rainbow/outvoteValues.ts'
import { orthogonalDirections, WEIGHINGS, type Weighing, weigh } from '../weighing.ts'
import type { Problem, Recovery } from './recovery.ts'

/** Errors of parameters may grow by this factor at most: they then stay within a tenth of the certificate's default tolerance. */
const MAX_AMPLIFICATION = 1000
/** Among as many random designs the best one is taken. */
const DRAWS = 8
/** Equations for each parameter, and beside, that gross errors in a fifth of them leave decidable. */
const ROBUST_RATIO = 4
const ROBUST_MORE = 8
const STREAM = 5 // of the seed
/** Whether directions tell all parameters is asked beforehand where it takes no more multiplications; recovery asks again. */
const MAX_WORK = 2e8

/**
 * Rainbow: the directions of a coloring by the family of Jacobians, with random signs, as often as noise or gross errors want it,
 * decoded jointly (Choromanski and Sindhwani 2017, arXiv:1711.03361, name it so; this reconstruction follows the published abstract and
 * the decoder that its authors released, not the paper's pseudo-code). Where entries are tied, as in a Toeplitz matrix, calls go with
 * the number of parameters: columns need no color of their own, and random directions are taken, as few as tell all parameters. The
 * worst amplification of errors is known before a call is spent; design throws RangeError above MAX_AMPLIFICATION.
 */
export const rainbow: Recovery = {
  method: 'rainbow',

  design(problem) {
    const { inputs: n, outputs: m, sparsity, symmetric, known, tied, random: asked = {} } = problem
    const { decoding = 'least-squares', seed = 1 } = asked
    if (!DECODINGS.includes(decoding))
      throw new RangeError(`sensing: decoding must be one of ${DECODINGS.join(', ')}; got ${String(decoding)}`)
    if (asked.weighing !== undefined && !WEIGHINGS.includes(asked.weighing))
      throw new RangeError(`sensing: weighing must be one of ${WEIGHINGS.join(', ')}; got ${String(asked.weighing)}`)
    const family = familyOf('sensing', m, n, { sparsity, symmetric, known, tied })
    const { colors, numColors, note } = classesOf(problem, family)
    const chosen = chooseDirections(problem, family, colors, numColors)
    const { weighing, k } = chosen
    const draw = (t: number, count: number) =>
      weigh(weighing, count, colors, numColors, random(seed, STREAM + t), asked.together)
    let D = draw(0, k)
    const isOpen = decoding === 'sparsest' || decoding === 'nearest' // need not tell all parameters
    const isTooMuch = k * family.parameters * densestRow(family) > MAX_WORK && k >= numColors
    const isOrthogonal =
      weighing === 'multiplexed' &&
      isPlainlySparse(family) &&
      k % orthogonalDirections(1, numColors, asked.together) === 0
    let worst = isOpen || isTooMuch ? Number.NaN : isOrthogonal ? 1 : amplification(family, D, k)
    for (let t = 1; t < DRAWS && weighing === 'random' && worst > 1.5; t++) {
      const other = draw(t, k)
      const its = amplification(family, other, k)
      if (!(its < worst)) continue
      D = other
      worst = its
    }
    if (worst > MAX_AMPLIFICATION)
      throw new RangeError(
        `sensing: ${k} directions do not tell the ${family.parameters} parameters of the family` +
          (worst === Number.POSITIVE_INFINITY ? '' : ` (errors grow ${worst.toPrecision(2)} times)`) +
          '; give more directions, or more structure',
      )
    const errors = Number.isNaN(worst) ? '' : `, errors grow at most ${worst.toPrecision(2)} times`
    return {
      directions: k,
      D,
      decoder: {
        method: 'rainbow',
        weighing,
        decoding,
        numColors,
        colors,
        family,
        amplification: Number.isNaN(worst) ? null : worst,
      },
      notes: [
        `${k} ${weighing} direction${k === 1 ? '' : 's'} for ${family.parameters} parameters in ${numColors} colors (${note}${errors})`,
      ],
    }
  },

  decodeInto(J, plan, answers) {
    const { inputs: n, outputs: m, directions: k, D, tolerance } = plan
    const { family, decoding } = decoderOf(plan)
    const spans = new Float64Array(k * n)
    for (let t = 0; t < k; t++) answers.spanInto(spans.subarray(t * n, (t + 1) * n), t)
    const { noise, noiseFreedom, share, floor } = answers
    const isRobust = decoding === 'least-absolute'
    const { Y, start } = isRobust ? outvoteValues(family, plan, answers) : { Y: answers.Y, start: null }
    const prior = decoding === 'nearest' ? answers.prior : null
    const given = { count: k, D, spans, Y, noise, noiseFreedom, share, floor, tolerance, prior, start }
    const fit = solveFamily(family, decoding, given)
    familyInto(J, family, fit.theta)
    const rows = new Set<number>(fit.misfits)
    if (fit.undetermined.length > 0) {
      const isOpen = new Set(fit.undetermined)
      for (let e = 0; e < family.rowIdx.length; e++)
        for (let s = family.termPtr[e]!; s < family.termPtr[e + 1]!; s++)
          if (isOpen.has(family.parameter[s]!)) rows.add(family.rowIdx[e]!)
    }
    return {
      deviation: fit.deviation,
      freedom: fit.freedom,
      undeterminedRows: [...rows].filter((i) => i < m).sort((a, b) => a - b),
      grossShare: fit.used === 0 ? 0 : fit.leftOut / fit.used,
      variance: fit.variance,
    }
  },
}

/** Columns that may move together: by the coloring of the pattern, where entries have parameters of their own or mirror images. */
function classesOf({ sparsity, symmetric, tied, known, inputs: n }: Problem, family: Family) {
  const { rows, cols, colPtr, rowIdx, termPtr } = family
  const hasTerms = (j: number) => termPtr[colPtr[j]!]! < termPtr[colPtr[j + 1]!]!
  const pattern = { rows, cols, colPtr: Int32Array.from(colPtr), rowIdx: Int32Array.from(rowIdx) }
  const mirrored = symmetric !== null && tied === undefined && (known ?? []).length === 0 && sparsity !== null
  const coloring = chooseColoring(pattern, mirrored ? symmetric : null, 'direct')
  const colors = Array.from(coloring.colors, (color, j) => (hasTerms(j) ? color : -1))
  // numbered without gaps
  const numbers = new Map<number, number>()
  for (let j = 0; j < n; j++)
    if (colors[j]! >= 0) {
      if (!numbers.has(colors[j]!)) numbers.set(colors[j]!, numbers.size)
      colors[j] = numbers.get(colors[j]!)!
    }
  return { colors, numColors: numbers.size, note: coloring.note }
}

/** How many directions, and how classes share them, where the caller has not said. */
function chooseDirections(
  { outputs: m, random: asked = {} }: Problem,
  family: Family,
  colors: readonly number[],
  numColors: number,
): { weighing: Weighing; k: number } {
  const { decoding = 'least-squares', directions, repeats, together, seed = 1 } = asked
  for (const [name, value] of Object.entries({ directions, repeats, together }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw new RangeError(`sensing: ${name} must be an integer ≥ 1, got ${value}`)
  if (directions !== undefined && repeats !== undefined)
    throw new RangeError('sensing: give directions or repeats, not both')
  const isRobust = decoding === 'least-absolute'
  const isPlain = isPlainlySparse(family)
  const isOpen = decoding === 'sparsest' || decoding === 'nearest'
  if (family.parameters === 0 || m === 0 || numColors === 0) return { weighing: asked.weighing ?? 'repeated', k: 0 }
  const weighing = asked.weighing ?? (isOpen || !isPlain ? 'random' : isRobust ? 'multiplexed' : 'repeated')
  if (directions !== undefined) return { weighing, k: directions }
  if (repeats !== undefined) return { weighing, k: weighing === 'random' ? repeats : repeats * numColors }
  if (weighing === 'repeated') return { weighing, k: (isRobust ? ROBUST_MORE + 1 : 1) * numColors }
  if (isOpen) return { weighing, k: Math.min(colors.length, 8 + Math.ceil(2 * Math.log2(colors.length + 1))) }
  if (weighing === 'multiplexed') {
    const least = isRobust ? ROBUST_RATIO * densestRow(family) + ROBUST_MORE : numColors
    return { weighing, k: orthogonalDirections(least, numColors, asked.together) }
  }
  // the fewest random directions that tell all parameters; never more than columns
  const moved = colors.filter((color) => color >= 0).length
  let k = Math.max(1, Math.ceil(family.parameters / m))
  while (k < moved) {
    let isTold = false
    for (let t = 0; t < DRAWS && !isTold; t++) {
      const D = weigh('random', k, colors, numColors, random(seed, STREAM + t))
      isTold = amplification(family, D, k) <= MAX_AMPLIFICATION
    }
    if (isTold) break
    k++
  }
  if (!isRobust && numColors <= k) return { weighing: asked.weighing ?? 'repeated', k: numColors }
  return { weighing, k: isRobust ? Math.max(k + ROBUST_MORE / 2, ROBUST_RATIO * k) : k }
}

function decoderOf({ decoder }: Plan) {
  if (decoder.method !== 'rainbow') throw new RangeError(`recover: a ${decoder.method} decoder in a rainbow plan`)
  return decoder
}

/** Senses where values are noisy, or partly grossly wrong: finds out how, and leaves the rest to `senseUnderNoise`. */
import { allowForMisfit } from './allowForMisfit.ts'
import { confirmKinks } from './confirmKinks.ts'
import { type Diagnosis, diagnoseNoise } from './diagnoseNoise.ts'
import { prepareSensing } from './prepareSensing.ts'
import { qualityOf, stepRangeOf } from './recover.ts'
import { priorOf, resultOf, type SenseOptions, type SensedValues, structureOf } from './senseOptions.ts'
import { NOISY_TOLERANCE, senseUnderNoise } from './senseUnderNoise.ts'
import type { Session } from './session.ts'
import { silentRows } from './silentRows.ts'
import { callsPerDirection } from './stencil.ts'

/** Values that a diagnosed noise level was told from, less what they were fitted with. */
const DIAGNOSED_FREEDOM = 8
/** Share of the values that gross errors are taken for at least, where there are any. */
const LEAST_GROSS = 0.2
/** Calls that accuracy under noise may take without maxCalls, in units of dense differences; and all their inputs together. */
const MOST_DENSE = 20
const MOST_NUMBERS = 2 ** 24

/** Takes the values for noisy, or partly wrong: as said, or as 15 or more of them show. null where they turn out to be neither. */
export async function senseNoise(
  session: Session,
  options: SenseOptions,
  expected: Float64Array | 'estimate',
): Promise<SensedValues | null> {
  const { structure = {}, method = 'auto', seed = 1, tolerance = NOISY_TOLERANCE } = options
  const { blackbox } = session
  const { inputs: n } = blackbox
  const diagnosis = expected === 'estimate' ? await diagnoseNoise(session, seed, options.robust) : null
  const isRobust = options.robust ?? (diagnosis !== null && diagnosis.grossShare > 0)
  if (diagnosis !== null && !diagnosis.isNoisy && !isRobust) return null
  session.startOver(isRobust)
  if (!isRobust) await session.ensureBase('for kinks')
  const sparsity = structure.sparsity === 'detect' ? undefined : structure.sparsity
  const isTied = structure.tied !== undefined
  const found = await senseUnderNoise(session, {
    sigma: diagnosis?.sigma ?? (expected as Float64Array),
    freedom: diagnosis === null ? Number.POSITIVE_INFINITY : DIAGNOSED_FREEDOM,
    grossShare: isRobust ? Math.max(LEAST_GROSS, diagnosis?.grossShare ?? 0) : 0,
    step: options.noisyStep === 'auto' ? undefined : (options.noisyStep ?? options.step),
    tolerance,
    ...priorOf(blackbox, options),
    most: Number.isFinite(options.maxCalls ?? Number.POSITIVE_INFINITY)
      ? options.maxCalls!
      : Math.min(MOST_DENSE * (n + 10) * callsPerDirection(session.scheme), Math.ceil(MOST_NUMBERS / n)),
    prepare: (asked, isWhole) =>
      prepareSensing(isWhole ? structureOf(blackbox, {}, undefined) : structureOf(blackbox, structure, sparsity), {
        scheme: session.scheme,
        seed,
        weighing: options.weighing ?? (isTied ? undefined : 'multiplexed'),
        ...(options.heldOut !== undefined && { heldOut: options.heldOut }),
        ...asked,
        method: 'rainbow',
      }),
  })
  const { plan, measurements, J, judgement, statistics } = found
  const told = new Set([...judgement.failed, ...judgement.unresolved.map(({ row }) => row)])
  const silent = (await silentRows(session, plan, measurements)).filter((row) => !told.has(row))
  const kinkedRows = await confirmKinks(session, measurements.noise)
  const isFound = (options.noise === undefined || options.noise === 'suspect') && options.robust === undefined
  const why = method === 'auto' && diagnosis !== null && isFound ? [`auto took rainbow: ${describe(diagnosis)}`] : []
  const quality = qualityOf(plan, judgement.residuals, {
    calls: session.calls,
    stepRange: stepRangeOf(plan, measurements),
    flatRows: judgement.flatRows.filter((row) => !silent.includes(row)),
    unresolved: [...judgement.unresolved, ...silent.map((row) => ({ row, resolution: 1 }))],
    kinkedRows,
    statistics: statistics && allowForMisfit(plan, measurements, judgement, statistics),
    notes: [...why, ...found.notes],
  })
  return resultOf(plan, J, quality, null)
}

function describe({ isNoisy, grossShare }: Diagnosis): string {
  if (grossShare === 0) return 'values carry more noise than rounding'
  const share = `${Math.max(1, Math.round(100 * grossShare))} % of the values looked at are grossly wrong or missing`
  return isNoisy ? `${share}, the others carry noise` : share
}

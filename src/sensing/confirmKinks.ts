/**
 * Steps that suit noise are coarse, so that what seems a kink may be curvature: of a smooth function, left and right slopes differ in
 * proportion to the step, at a kink by the same however short it is. A second look along the directions that showed it tells.
 */
import { random } from '../linalg/random.ts'
import type { Session } from './session.ts'

const PROBES = 4 // directions that are looked along at most
const SHORTER = 1 / 3 // of the step
/** Slopes that still differ by this share of before are of a kink: of a smooth function, a third is to be expected. */
const STAYS = 0.6

/**
 * Rows where left and right differ, and not for curvature; null where that can't be told. `noise` [m]: of a value. Calls: four for each
 * of at most four directions where any row is in doubt, counted as detection; none where maxCalls leaves too few, and then all
 * doubtful rows are returned.
 */
export async function confirmKinks(session: Session, noise: ArrayLike<number> | undefined): Promise<number[] | null> {
  const doubtful = session.kinkedRows(noise)
  const base = session.base()
  if (doubtful === null || doubtful.length === 0 || base === null) return doubtful
  const directions = new Map<string, Float64Array>() // by their entries
  for (const row of doubtful) {
    const direction = session.kinkOf(row)
    directions.set(direction.join(), direction)
  }
  const source = random(1)
  const probes = Array.from({ length: Math.min(PROBES, directions.size) }, () => new Float64Array(session.at.length))
  if (session.remaining() < 4 * probes.length) return doubtful
  for (const [d, direction] of [...directions.values()].entries()) {
    const probe = probes[d % probes.length]!
    const sign = source.rademacher()
    for (let j = 0; j < direction.length; j++) probe[j]! += sign * direction[j]!
  }
  session.expect(4 * probes.length)
  const m = session.blackbox.outputs
  const most = new Float64Array(m) // slopes' difference along the probe that shows it most
  const shorter = new Float64Array(m) // and with a shorter step
  for (const probe of probes) {
    const values = await session.line('detection', probe, [1, -1, SHORTER, -SHORTER])
    for (const row of doubtful) {
      const bend = (p: number) => Math.abs(values[p * m + row]! + values[(p + 1) * m + row]! - 2 * base[row]!)
      if (!(bend(0) > most[row]!)) continue
      most[row] = bend(0)
      shorter[row] = bend(2) / SHORTER
    }
  }
  return doubtful.filter((row) => !(shorter[row]! <= STAYS * most[row]!))
}

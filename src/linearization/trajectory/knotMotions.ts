/** Small motions around the knots of a trajectory as one blackbox, so that all of them make one batch. */
import type { Blackbox } from '../../blackbox/blackbox.ts'
import { BlackboxError } from '../../blackbox/blackboxError.ts'
import type { Engine } from '../../engine/engine.ts'
import type { StepPool } from '../linearize.ts'
import type { Knots } from './dynamics.ts'

export interface KnotMotions {
  /** What the engine said of steps that it could not take properly, since this was asked last; of those of a pool nothing is heard. */
  troubles(): readonly string[]
  /**
   * Y [count × ndx], f(x_k ⊕ δx, u_k + δu) ⊖ f(x_k, u_k) for the motions Z [count × (ndx + nu)] around the knots `owners` [count].
   * Throws BlackboxError naming coordinate and knot on a value that is not finite, unless `allowsMissing`; the signal's reason when aborted.
   */
  evaluate(
    knots: Knots,
    Z: Float64Array,
    owners: Int32Array,
    count: number,
    options: { readonly signal?: AbortSignal | undefined; readonly allowsMissing?: boolean },
  ): Promise<Float64Array>
}

/** Motions of one batch, of workers and of this thread, which looks up after each. */
const BATCH = 4096
const BATCH_HERE = 32
/** Pause for the event loop after so many milliseconds. */
const PAUSE_AFTER = 50

export function knotMotions(
  engine: Engine,
  pool: StepPool | undefined,
  wrap: ((blackbox: Blackbox) => Blackbox) | undefined,
): KnotMotions {
  const { layout, dt } = engine
  const { nx, ndx, nu } = layout
  const n = ndx + nu
  const xBar = new Float64Array(nx)
  const fBar = new Float64Array(nx)
  const x = new Float64Array(nx)
  const u = new Float64Array(nu)
  const dx = new Float64Array(ndx)
  let knots: Knots = { N: 0, X: xBar, U: u, F: fBar }
  let owners: Int32Array = new Int32Array(0)
  let single = 0 // the motion of the batch that is evaluated by itself
  let trouble: string | null = null
  let lastPause = performance.now()

  /** (x, u) of a motion around its knot. */
  const placeAt = ({ X, U }: Knots, k: number, Z: Float64Array, at: number): void => {
    for (let i = 0; i < nx; i++) xBar[i] = X[k * nx + i]!
    for (let i = 0; i < ndx; i++) dx[i] = Z[at + i]!
    engine.integrate(xBar, dx, x)
    for (let a = 0; a < nu; a++) u[a] = U[k * nu + a]! + Z[at + ndx + a]!
  }
  const compareAt = ({ F }: Knots, k: number, Y: Float64Array, at: number): void => {
    for (let i = 0; i < nx; i++) fBar[i] = F[k * nx + i]!
    engine.difference(x, fBar, dx)
    for (let i = 0; i < ndx; i++) Y[at + i] = dx[i]!
  }
  const inPool = pool?.steps?.(engine)

  const blackbox: Blackbox = {
    inputs: n,
    outputs: ndx,
    inputNames: [...layout.dx, ...layout.u].map(({ name }) => name),
    outputNames: layout.dx.map(({ name }) => name),
    evaluate(z, y) {
      placeAt(knots, owners[single]!, z, 0)
      engine.step(x, u, x)
      trouble ??= engine.trouble?.() ?? null
      compareAt(knots, owners[single]!, y, 0)
    },
    async evaluateBatch(Z, Y, count, options) {
      const [around, owner] = [knots, owners] // of this batch, whatever begins before it ends
      if (inPool === undefined) {
        for (let p = 0; p < count; p++) {
          placeAt(around, owner[p]!, Z, p * n)
          engine.step(x, u, x)
          trouble ??= engine.trouble?.() ?? null
          compareAt(around, owner[p]!, Y, p * ndx)
        }
        return
      }
      const points = new Float64Array(count * (nx + nu))
      const values = new Float64Array(count * nx)
      for (let p = 0; p < count; p++) {
        placeAt(around, owner[p]!, Z, p * n)
        points.set(x, p * (nx + nu))
        points.set(u, p * (nx + nu) + nx)
      }
      await inPool.evaluateBatch!(points, values, count, options)
      for (let p = 0; p < count; p++) {
        for (let i = 0; i < nx; i++) x[i] = values[p * nx + i]!
        compareAt(around, owner[p]!, Y, p * ndx)
      }
    },
  }
  const measured = wrap?.(blackbox) ?? blackbox

  return {
    troubles() {
      const heard = trouble === null ? [] : [`the engine says of a step: ${trouble}`]
      trouble = null
      return heard
    },
    async evaluate(around, Z, allOwners, count, { signal, allowsMissing = false }) {
      const Y = new Float64Array(count * ndx)
      const most = inPool ? BATCH : BATCH_HERE
      for (let from = 0; from < count; from += most) {
        signal?.throwIfAborted()
        const to = Math.min(count, from + most)
        knots = around
        owners = allOwners.subarray(from, to)
        const [batch, values] = [Z.subarray(from * n, to * n), Y.subarray(from * ndx, to * ndx)]
        if (measured.evaluateBatch) await measured.evaluateBatch(batch, values, to - from, { signal })
        else
          for (single = 0; single < to - from; single++)
            measured.evaluate(
              batch.subarray(single * n, (single + 1) * n),
              values.subarray(single * ndx, (single + 1) * ndx),
            )
        if (performance.now() - lastPause > PAUSE_AFTER) {
          await new Promise((resolve) => setTimeout(resolve, 0))
          lastPause = performance.now()
        }
      }
      if (allowsMissing) return Y
      for (let k = 0; k < Y.length; k++)
        if (!Number.isFinite(Y[k]!)) {
          const p = Math.floor(k / ndx)
          const knot = allOwners[p]!
          throw new BlackboxError({
            evaluation: p,
            purpose: `a step from near knot ${knot}, t = ${Number((knot * dt).toPrecision(6))} s`,
            output: k % ndx,
            outputName: layout.dx[k % ndx]!.name,
            value: Y[k]!,
          })
        }
      return Y
    },
  }
}

/** An engine made of independent closed-form components. */
import type { Layout } from '../../scene/layout.ts'
import { patternFromEntries } from '../../linalg/pattern.ts'
import type { Engine, Point } from '../engine.ts'
import { manifoldOf } from '../manifold.ts'
import type { Component } from './component.ts'

/** Where a component's coordinates stand in the engine's vectors. */
export interface PlacedComponent {
  readonly component: Component
  readonly q: number // first position entry of x
  readonly v: number // first velocity entry, counted among the velocities (= first position entry of dx)
  readonly controls: readonly number[] // [nu] indices into u
}

export interface ReferenceOptions {
  readonly layout: Layout
  readonly dt: number // s, control period
  readonly substeps: number // steps of dt/substeps in one period
  readonly home: Point
}

/** Step, exact derivatives (chain rule over the substeps) and structure of the whole, component by component. */
export function composeEngine(parts: readonly PlacedComponent[], options: ReferenceOptions): Engine {
  const { layout, dt, substeps, home } = options
  const { nq, nv, ndx, nu } = layout
  const h = dt / substeps
  const manifold = manifoldOf(layout)
  const placed = parts.map((part) => placedScratch(part, nq, nv))
  let disposed = false
  const alive = () => {
    if (disposed) throw new Error('reference engine: used after dispose()')
  }

  const pattern = patternFromEntries(
    ndx,
    ndx + nu,
    placed.flatMap(({ component, dx, controls }) => maskEntries(component, substeps, dx, controls, ndx)),
  )

  return {
    name: 'reference',
    layout,
    dt,
    home,
    step(x, u, xNext) {
      alive()
      for (const { component, state, control, xLocal, uLocal } of placed) {
        gather(xLocal, x, state)
        gather(uLocal, u, control)
        for (let k = 0; k < substeps; k++) component.substep(xLocal, uLocal, h, xLocal)
        for (let i = 0; i < state.length; i++) xNext[state[i]!] = xLocal[i]!
      }
    },
    integrate(x, dx, xOut) {
      alive()
      manifold.integrate(x, dx, xOut)
    },
    difference(x1, x0, dxOut) {
      alive()
      manifold.difference(x1, x0, dxOut)
    },
    differenceJacobian: manifold.differenceJacobian,
    structure() {
      alive()
      return pattern
    },
    derivatives(x, u, A, B) {
      alive()
      A.fill(0)
      B.fill(0)
      for (const part of placed) {
        gather(part.xLocal, x, part.state)
        gather(part.uLocal, u, part.control)
        const local = chainedJacobian(part.component, part.xLocal, part.uLocal, h, substeps)
        const { dx, controls } = part
        const n = dx.length
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) A[dx[i]! * ndx + dx[j]!] = local.A[i * n + j]!
          for (let j = 0; j < controls.length; j++) B[dx[i]! * nu + controls[j]!] = local.B[i * controls.length + j]!
        }
      }
    },
    dispose() {
      disposed = true
    },
  }
}

function placedScratch({ component, q, v, controls }: PlacedComponent, nq: number, nv: number) {
  const range = (start: number, count: number) => Array.from({ length: count }, (_, k) => start + k)
  return {
    component,
    controls,
    state: Int32Array.from([...range(q, component.nq), ...range(nq + v, component.nv)]),
    dx: Int32Array.from([...range(v, component.nv), ...range(nv + v, component.nv)]),
    control: Int32Array.from(controls),
    xLocal: new Float64Array(component.nq + component.nv),
    uLocal: new Float64Array(component.nu),
  }
}

function gather(out: Float64Array, from: Float64Array, indices: Int32Array): void {
  for (let k = 0; k < indices.length; k++) out[k] = from[indices[k]!]!
}

/** Derivatives of `substeps` steps by the chain rule: A ← A₁A, B ← A₁B + B₁. x is stepped along. */
function chainedJacobian(component: Component, x: Float64Array, u: Float64Array, h: number, substeps: number) {
  const n = 2 * component.nv
  const nu = component.nu
  let A = Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0))
  let B = new Float64Array(n * nu)
  const A1 = new Float64Array(n * n)
  const B1 = new Float64Array(n * nu)
  for (let k = 0; k < substeps; k++) {
    component.jacobian(x, u, h, A1, B1)
    component.substep(x, u, h, x)
    A = multiply(A1, A, n, n)
    B = multiply(A1, B, n, nu).map((value, i) => value + B1[i]!)
  }
  return { A, B }
}

/** X [n × n] · Y [n × columns], row-major. */
function multiply(X: Float64Array, Y: Float64Array, n: number, columns: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(n * columns)
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const x = X[i * n + k]!
      if (x === 0) continue
      for (let j = 0; j < columns; j++) out[i * columns + j]! += x * Y[k * columns + j]!
    }
  return out
}

/** Entries of [A B] that can be other than zero after all substeps: the boolean chain rule on the component's mask. */
function maskEntries(
  component: Component,
  substeps: number,
  dx: Int32Array,
  controls: readonly number[],
  ndx: number,
): [number, number][] {
  const n = 2 * component.nv
  const columns = n + component.nu
  let reach = component.mask.slice()
  for (let step = 1; step < Math.min(substeps, n + 1); step++) {
    const next = component.mask.slice()
    for (let i = 0; i < n; i++)
      for (let k = 0; k < n; k++)
        if (component.mask[i * columns + k])
          for (let j = 0; j < columns; j++) if (reach[k * columns + j]) next[i * columns + j] = true
    reach = next
  }
  return reach.flatMap((on, at): [number, number][] => {
    if (!on) return []
    const j = at % columns
    return [[dx[Math.floor(at / columns)]!, j < n ? dx[j]! : ndx + controls[j - n]!]]
  })
}

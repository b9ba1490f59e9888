/**
 * The backward pass of iLQR: the linear-quadratic problem around a trajectory, solved from its end, with gaps of the trajectory (Mastalli
 * et al. 2020, Crocoddyl, §II, doi:10.1109/ICRA40945.2020.9196673) and limits of the controls (Tassa, Mansard, Todorov 2014,
 * doi:10.1109/ICRA.2014.6907001). δu_k = d_k − K_k δx_k. Flat row-major kernels; nothing is allocated.
 */
import { matMulInto, symmetrizeInPlace, transposeInto } from '../../linalg/flat.ts'
import { choleskySolveInPlace } from '../../linalg/cholesky.ts'
import { createBoxQp } from './boxQp.ts'

/**
 * What regularization μ adds to: 'control': μI to Quu; 'state': μI to V′ where gains are made of it, so that δx stays small (Tassa, Erez,
 * Todorov 2012, eq. 10, doi:10.1109/IROS.2012.6386025); 'feedforward': μBᵀB to Quu, leaving the feedback's coupling as it is; 'none'.
 */
export type Regularization = 'control' | 'state' | 'feedforward' | 'none'

export const REGULARIZATIONS: readonly Regularization[] = ['control', 'state', 'feedforward', 'none']

/** The problem around a trajectory of N steps. */
export interface LocalProblem {
  readonly N: number
  readonly A: Float64Array // [N × ndx × ndx]
  readonly B: Float64Array // [N × ndx × nu]
  readonly gaps: Float64Array // [(N + 1) × ndx], f(x_k, u_k) ⊖ x_{k+1} at k + 1; x0 ⊖ x_0 at 0
  readonly lx: Float64Array // [(N + 1) × ndx]
  readonly lxx: Float64Array // [(N + 1) × ndx × ndx]
  readonly lu: Float64Array // [N × nu]
  readonly luu: Float64Array // [N × nu × nu]
  readonly lux: Float64Array // [N × nu × ndx]
  readonly low: Float64Array // [N × nu], of δu
  readonly high: Float64Array // [N × nu]
}

export interface BackwardPass {
  /** −1 when done; else the step at which Quu is not positive definite, with `culprit` the control. */
  run(problem: LocalProblem, mu: number, kind: Regularization): number
  readonly d: Float64Array // [N × nu], feedforward
  readonly K: Float64Array // [N × nu × ndx], zero rows for clamped controls
  readonly Vx: Float64Array // [(N + 1) × ndx], gradient of the cost to go
  readonly Vxx: Float64Array // [(N + 1) × ndx × ndx]
  /** Expected change of the cost at step length α, gaps aside: α·linear + α²·quadratic. */
  linear: number
  quadratic: number
  gradient: number // largest |Qu| of a control that may move that way
  culprit: number
  clamped: number // controls at their limits, of all steps
}

export function createBackwardPass(N: number, n: number, m: number): BackwardPass {
  const nn = n * n
  const mn = m * n
  const mm = m * m
  const Vx = new Float64Array((N + 1) * n)
  const Vxx = new Float64Array((N + 1) * nn)
  const d = new Float64Array(N * m)
  const K = new Float64Array(N * mn)
  const qp = createBoxQp(m)
  const [W, VA, Qxx] = [new Float64Array(nn), new Float64Array(nn), new Float64Array(nn)]
  const [VB, VBr] = [new Float64Array(n * m), new Float64Array(n * m)]
  const [Ak, V] = [new Float64Array(nn), new Float64Array(nn)]
  const [Bk, Kk] = [new Float64Array(mn), new Float64Array(mn)]
  const [At, Bt] = [new Float64Array(nn), new Float64Array(mn)]
  const [Qux, QuxR, QuuK] = [new Float64Array(mn), new Float64Array(mn), new Float64Array(mn)]
  const [Quu, QuuR] = [new Float64Array(mm), new Float64Array(mm)]
  const [Kt, gain] = [new Float64Array(mn), new Float64Array(mn)]
  const KtQK = new Float64Array(nn)
  const KtQux = new Float64Array(nn)
  const v = new Float64Array(n)
  const [Qx, Qu, Quud] = [new Float64Array(n), new Float64Array(m), new Float64Array(m)]
  const [low, high, dk] = [new Float64Array(m), new Float64Array(m), new Float64Array(m)]

  const pass: BackwardPass = {
    d,
    K,
    Vx,
    Vxx,
    linear: 0,
    quadratic: 0,
    gradient: 0,
    culprit: -1,
    clamped: 0,
    run(problem, mu, kind) {
      const { A, B, gaps, lx, lxx, lu, luu, lux } = problem
      pass.linear = 0
      pass.quadratic = 0
      pass.gradient = 0
      pass.clamped = 0
      for (let i = 0; i < n; i++) Vx[N * n + i] = lx[N * n + i]!
      for (let i = 0; i < nn; i++) Vxx[N * nn + i] = lxx[N * nn + i]!
      for (let k = N - 1; k >= 0; k--) {
        for (let i = 0; i < nn; i++) {
          Ak[i] = A[k * nn + i]!
          V[i] = Vxx[(k + 1) * nn + i]!
        }
        for (let i = 0; i < mn; i++) Bk[i] = B[k * mn + i]!
        // the gradient where the gap leads to
        for (let i = 0; i < n; i++) {
          let sum = Vx[(k + 1) * n + i]!
          for (let j = 0; j < n; j++) sum += V[i * n + j]! * gaps[(k + 1) * n + j]!
          v[i] = sum
        }
        transposeInto(At, Ak, n, n)
        transposeInto(Bt, Bk, n, m)
        matMulInto(VA, V, Ak, n, n, n)
        matMulInto(VB, V, Bk, n, n, m)
        matMulInto(Qxx, At, VA, n, n, n)
        matMulInto(Qux, Bt, VA, m, n, n)
        matMulInto(Quu, Bt, VB, m, n, m)
        for (let i = 0; i < nn; i++) Qxx[i]! += lxx[k * nn + i]!
        for (let i = 0; i < mn; i++) Qux[i]! += lux[k * mn + i]!
        for (let i = 0; i < mm; i++) Quu[i]! += luu[k * mm + i]!
        for (let i = 0; i < n; i++) {
          let sum = lx[k * n + i]!
          for (let j = 0; j < n; j++) sum += At[i * n + j]! * v[j]!
          Qx[i] = sum
        }
        for (let a = 0; a < m; a++) {
          let sum = lu[k * m + a]!
          for (let j = 0; j < n; j++) sum += Bt[a * n + j]! * v[j]!
          Qu[a] = sum
          low[a] = problem.low[k * m + a]!
          high[a] = problem.high[k * m + a]!
          const isHeld = (low[a]! >= 0 && sum > 0) || (high[a]! <= 0 && sum < 0)
          if (!isHeld) pass.gradient = Math.max(pass.gradient, Math.abs(sum))
        }

        QuxR.set(Qux)
        QuuR.set(Quu)
        if (mu > 0 && kind === 'control') for (let a = 0; a < m; a++) QuuR[a * m + a]! += mu
        if (mu > 0 && (kind === 'state' || kind === 'feedforward')) {
          matMulInto(VBr, Bt, Bk, m, n, m)
          for (let i = 0; i < mm; i++) QuuR[i]! += mu * VBr[i]!
          if (kind === 'state') {
            matMulInto(gain, Bt, Ak, m, n, n)
            for (let i = 0; i < mn; i++) QuxR[i]! += mu * gain[i]!
          }
        }

        // from where the step before ended up: most often its active limits are these, too
        if (k + 1 < N) for (let a = 0; a < m; a++) dk[a] = d[(k + 1) * m + a]!
        else dk.fill(0)
        const result = qp.solve(QuuR, Qu, low, high, dk)
        if (result === 'indefinite') {
          pass.culprit = qp.culprit
          return k
        }
        const { numFree, free } = qp
        pass.clamped += m - numFree
        let row = 0
        for (let a = 0; a < m; a++) {
          if (free[a] === 0) continue
          for (let j = 0; j < n; j++) gain[row * n + j] = QuxR[a * n + j]!
          row++
        }
        choleskySolveInPlace(qp.factor, gain, numFree, n)
        row = 0
        for (let a = 0; a < m; a++) {
          const isFree = free[a] === 1
          for (let j = 0; j < n; j++) {
            Kk[a * n + j] = isFree ? gain[row * n + j]! : 0
            K[k * mn + a * n + j] = Kk[a * n + j]!
          }
          if (isFree) row++
          d[k * m + a] = dk[a]!
        }

        for (let a = 0; a < m; a++) {
          let sum = 0
          for (let b = 0; b < m; b++) sum += Quu[a * m + b]! * dk[b]!
          Quud[a] = sum
          pass.linear += dk[a]! * Qu[a]!
          pass.quadratic += 0.5 * dk[a]! * sum
        }
        // Vx = Qx − Kᵀ(Qu + Quu d) + Quxᵀ d, Vxx = Qxx + KᵀQuuK − KᵀQux − QuxᵀK
        transposeInto(Kt, Kk, m, n)
        matMulInto(QuuK, Quu, Kk, m, m, n)
        matMulInto(KtQK, Kt, QuuK, n, m, n)
        matMulInto(KtQux, Kt, Qux, n, m, n)
        for (let i = 0; i < n; i++) {
          let sum = Qx[i]!
          for (let a = 0; a < m; a++) sum += Qux[a * n + i]! * dk[a]! - Kt[i * m + a]! * (Qu[a]! + Quud[a]!)
          Vx[k * n + i] = sum
          for (let j = 0; j < n; j++)
            W[i * n + j] = Qxx[i * n + j]! + KtQK[i * n + j]! - KtQux[i * n + j]! - KtQux[j * n + i]!
        }
        symmetrizeInPlace(W, n)
        for (let i = 0; i < nn; i++) {
          if (!Number.isFinite(W[i]!)) {
            pass.culprit = -1
            return k
          }
          Vxx[k * nn + i] = W[i]!
        }
      }
      return -1
    },
  }
  return pass
}

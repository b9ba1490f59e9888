/**
 * Joints as cannon-es constraints, for maximal coordinates: its own point, hinge and lock constraints, and the two that it
 * lacks, a prismatic joint and joint limits, built from its Equation class.
 */
import * as CANNON from 'cannon-es'

const STIFFNESS = 1e7 // SPOOK, cannon-es' own values for constraint equations
const RELAXATION = 4

/** SPOOK parameters with the real step on every equation (the constructor hard-codes 1/60 s). */
export function setConstraintStep(constraint: CANNON.Constraint, h: number): void {
  for (const equation of constraint.equations)
    if (!(equation instanceof LimitEquation)) equation.setSpookParams(STIFFNESS, RELAXATION, h)
}

/** Axis, anchors and the bodies' relative placement at zero position, all in the bodies' inertial frames. */
export interface AxisJoint {
  readonly anchorA: CANNON.Vec3 // on body A
  readonly anchorB: CANNON.Vec3
  readonly axisA: CANNON.Vec3 // unit
  readonly axisB: CANNON.Vec3
}

/** Keeps d = (B's anchor − A's anchor) orthogonal to a direction fixed in A: g = n·d. */
class PlaneEquation extends CANNON.Equation {
  readonly normal = new CANNON.Vec3() // in the world
  readonly ri = new CANNON.Vec3()
  readonly rj = new CANNON.Vec3()

  constructor(bodyA: CANNON.Body, bodyB: CANNON.Body) {
    super(bodyA, bodyB, -1e6, 1e6)
  }

  override computeB(h: number): number {
    const g = alongLine(this, this.normal, this.ri, this.rj, 1)
    return -g * this.a - this.computeGW() * this.b - h * this.computeGiMf()
  }
}

/** Fills the Jacobian of sign·n·d, d between anchors, n fixed in A; returns its value. */
function alongLine(equation: CANNON.Equation, n: CANNON.Vec3, ri: CANNON.Vec3, rj: CANNON.Vec3, sign: number): number {
  const { bi, bj, jacobianElementA: GA, jacobianElementB: GB } = equation
  const d = bj.position.vadd(rj).vsub(bi.position).vsub(ri)
  n.scale(-sign, GA.spatial)
  ri.vadd(d).cross(n, GA.rotational)
  GA.rotational.scale(-sign, GA.rotational)
  n.scale(sign, GB.spatial)
  rj.cross(n, GB.rotational)
  GB.rotational.scale(sign, GB.rotational)
  return sign * n.dot(d)
}

/** Body B slides along an axis of body A and does not turn against it: two plane rows and three rotational ones. */
export class PrismaticConstraint extends CANNON.Constraint {
  readonly #joint: AxisJoint
  readonly #planes: readonly (readonly [PlaneEquation, CANNON.Vec3])[] // with normals in A
  readonly #turns: readonly (readonly [CANNON.RotationalEquation, CANNON.Vec3, CANNON.Vec3])[] // orthogonal pairs in A and B

  /** The bodies stand at the joint's zero position when this is called. */
  constructor(bodyA: CANNON.Body, bodyB: CANNON.Body, joint: AxisJoint) {
    super(bodyA, bodyB, { collideConnected: false })
    this.#joint = joint
    const across = new CANNON.Vec3()
    const other = new CANNON.Vec3()
    joint.axisA.tangents(across, other)
    this.#planes = [across, other].map((normal) => [new PlaneEquation(bodyA, bodyB), normal] as const)
    const axes = [joint.axisA, across, other]
    this.#turns = axes.map((axis, k) => {
      const next = bodyB.vectorToLocalFrame(bodyA.vectorToWorldFrame(axes[(k + 1) % 3]!))
      return [new CANNON.RotationalEquation(bodyA, bodyB), axis, next] as const
    })
    this.equations.push(...this.#planes.map(([row]) => row), ...this.#turns.map(([row]) => row))
  }

  override update(): void {
    const { bodyA, bodyB } = this
    for (const [row, normal] of this.#planes) {
      bodyA.quaternion.vmult(normal, row.normal)
      bodyA.quaternion.vmult(this.#joint.anchorA, row.ri)
      bodyB.quaternion.vmult(this.#joint.anchorB, row.rj)
    }
    for (const [row, axisA, axisB] of this.#turns) {
      bodyA.quaternion.vmult(axisA, row.axisA)
      bodyB.quaternion.vmult(axisB, row.axisB)
    }
  }
}

/** sign·(joint rate) ≥ target, impulse ≥ 0. */
class LimitEquation extends CANNON.Equation {
  target = 0

  constructor(bodyA: CANNON.Body, bodyB: CANNON.Body) {
    super(bodyA, bodyB, 0, 1e6)
    this.eps = 1e-9
  }

  override computeB(h: number): number {
    return this.target - this.computeGW() - h * this.computeGiMf()
  }
}

/** Limits of a hinge (within ±π) or slider: the rate may not carry the position past them within one step. */
export class LimitConstraint extends CANNON.Constraint {
  readonly #kind: 'hinge' | 'slider'
  readonly #joint: AxisJoint
  readonly #limits: readonly [number, number]
  readonly #h: number
  readonly #rows: readonly [LimitEquation, LimitEquation]
  readonly #zero: CANNON.Quaternion // of B in A at zero position
  readonly #axis = new CANNON.Vec3()

  /** The bodies stand at the joint's zero position when this is called. */
  constructor(
    kind: 'hinge' | 'slider',
    bodyA: CANNON.Body,
    bodyB: CANNON.Body,
    joint: AxisJoint,
    limits: readonly [number, number],
    h: number,
  ) {
    super(bodyA, bodyB, { collideConnected: false })
    this.#kind = kind
    this.#joint = joint
    this.#limits = limits
    this.#h = h
    this.#rows = [new LimitEquation(bodyA, bodyB), new LimitEquation(bodyA, bodyB)]
    this.#zero = bodyA.quaternion.inverse().mult(bodyB.quaternion)
    this.equations.push(...this.#rows)
  }

  override update(): void {
    const { bodyA, bodyB } = this
    const [lower, upper] = this.#limits
    const axis = bodyA.quaternion.vmult(this.#joint.axisA, this.#axis)
    this.#rows.forEach((row, k) => {
      const sign = k === 0 ? 1 : -1
      let position: number
      if (this.#kind === 'slider') {
        const ri = bodyA.quaternion.vmult(this.#joint.anchorA)
        const rj = bodyB.quaternion.vmult(this.#joint.anchorB)
        position = sign * alongLine(row, axis, ri, rj, sign)
      } else {
        axis.scale(-sign, row.jacobianElementA.rotational)
        axis.scale(sign, row.jacobianElementB.rotational)
        position = this.#angle()
      }
      const gap = sign * ((k === 0 ? lower : upper) - position) // > 0: beyond the limit
      row.target = (gap > 0 ? 0.2 * gap : gap) / this.#h
    })
  }

  /** Turn of B against A about the axis since the zero position, in (−π, π]. */
  #angle(): number {
    const { x, y, z, w } = this.bodyA.quaternion.inverse().mult(this.bodyB.quaternion).mult(this.#zero.inverse())
    const { x: ax, y: ay, z: az } = this.#joint.axisA
    const angle = 2 * Math.atan2(ax * x + ay * y + az * z, w)
    return angle > Math.PI ? angle - 2 * Math.PI : angle <= -Math.PI ? angle + 2 * Math.PI : angle
  }
}

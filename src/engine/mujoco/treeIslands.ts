/**
 * Which kinematic trees of a MuJoCo model can act on each other within one period: trees tied by equalities, tendons and
 * actuators, and trees with geoms that may touch. Static bodies tie nothing. A superset of what a period's dynamics couple.
 */
import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'

const MARGIN = 2e-3 // m: room for what is perturbed

/** Sets of trees, joined as couplings are found. */
export interface TreeIslands {
  /** Joins the trees whose geoms may touch within `time` s of where `data` places them (kinematics, comPos and comVel done). */
  joinNear(time: number): void
  /** The set a tree is in, by one of its trees. */
  find(tree: number): number
}

/** Trees that an actuator acts on, and those of everything that never depends on the state. */
export interface TreeCouplings {
  readonly fixed: readonly (readonly number[])[] // trees coupled whatever the state
  readonly actuator: readonly (readonly number[])[] // [nactuator] trees of each
  readonly isGlobal: boolean // something (a flex, an unknown kind) may couple everything
}

export function treeCouplings(mj: MainModule, model: MjModel): TreeCouplings {
  const { mjtEq, mjtTrn, mjtObj, mjtWrap } = mj
  let isGlobal = model.nflex > 0
  const ofBody = (body: number): number[] => (model.body_treeid[body] >= 0 ? [model.body_treeid[body]] : [])
  const ofJoint = (joint: number): number[] => (joint >= 0 ? ofBody(model.jnt_bodyid[joint]) : [])
  const ofSite = (site: number): number[] => (site >= 0 ? ofBody(model.site_bodyid[site]) : [])
  const ofGeom = (geom: number): number[] => (geom >= 0 ? ofBody(model.geom_bodyid[geom]) : [])
  const ofTendon = (tendon: number): number[] => {
    if (tendon < 0) return []
    const first: number = model.tendon_adr[tendon]
    return Array.from({ length: model.tendon_num[tendon] }, (_, k) => first + k).flatMap((wrap) => {
      const id: number = model.wrap_objid[wrap]
      switch (model.wrap_type[wrap]) {
        case mjtWrap.mjWRAP_JOINT.value:
          return ofJoint(id)
        case mjtWrap.mjWRAP_SITE.value:
          return ofSite(id)
        case mjtWrap.mjWRAP_SPHERE.value:
        case mjtWrap.mjWRAP_CYLINDER.value:
          return ofGeom(id)
        default:
          return [] // a pulley
      }
    })
  }
  const unknown = (): number[] => {
    isGlobal = true
    return []
  }
  const ofObject = (type: number, id: number): number[] => {
    if (id < 0) return []
    if (type === mjtObj.mjOBJ_BODY.value || type === mjtObj.mjOBJ_XBODY.value) return ofBody(id)
    if (type === mjtObj.mjOBJ_SITE.value) return ofSite(id)
    if (type === mjtObj.mjOBJ_GEOM.value) return ofGeom(id)
    return unknown()
  }
  const ofEquality = (type: number, objectType: number, id: number): number[] => {
    if (type === mjtEq.mjEQ_JOINT.value) return ofJoint(id)
    if (type === mjtEq.mjEQ_TENDON.value) return ofTendon(id)
    return ofObject(objectType, id)
  }
  const equalities = Array.from({ length: model.neq }, (_, e) =>
    [model.eq_obj1id[e], model.eq_obj2id[e]].flatMap((id) => ofEquality(model.eq_type[e], model.eq_objtype[e], id)),
  )
  const actuator = Array.from({ length: model.nactuator }, (_, k) => {
    const first: number = model.actuator_trnid[2 * k]
    const second: number = model.actuator_trnid[2 * k + 1]
    switch (model.actuator_trntype[k]) {
      case mjtTrn.mjTRN_JOINT.value:
      case mjtTrn.mjTRN_JOINTINPARENT.value:
        return ofJoint(first)
      case mjtTrn.mjTRN_TENDON.value:
        return ofTendon(first)
      case mjtTrn.mjTRN_SITE.value:
      case mjtTrn.mjTRN_SLIDERCRANK.value:
        return [...ofSite(first), ...ofSite(second)]
      case mjtTrn.mjTRN_BODY.value: // adhesion: whatever it sticks to is near
        return ofBody(first)
      default:
        return unknown()
    }
  })
  const tendons = Array.from({ length: model.ntendon }, (_, t) => ofTendon(t))
  return { fixed: [...equalities, ...tendons, ...actuator], actuator, isGlobal }
}

/** Trees tied by what never depends on the state; contacts are added by `joinNear`. */
export function treeIslands(mj: MainModule, model: MjModel, data: MjData, couplings: TreeCouplings): TreeIslands {
  const { ntree } = model
  const island = Int32Array.from({ length: ntree }, (_, t) => t)
  const find = (tree: number): number => {
    let root = tree
    while (island[root] !== root) root = island[root]!
    return root
  }
  const join = (a: number, b: number): void => {
    const p = find(a)
    const q = find(b)
    island[Math.max(p, q)] = Math.min(p, q)
  }
  if (couplings.isGlobal) for (let t = 1; t < ntree; t++) join(0, t)
  for (const trees of couplings.fixed) for (const tree of trees) join(trees[0]!, tree)

  return {
    find,
    joinNear(time) {
      if (ntree < 2 || (model.opt.disableflags & mj.mjtDisableBit.mjDSBL_CONTACT.value) !== 0) return
      const balls = geomBalls(model, data, time)
      const bounds = treeBounds(balls, ntree)
      for (let a = 0; a < ntree; a++)
        for (let b = a + 1; b < ntree; b++)
          if (find(a) !== find(b) && overlap(bounds[a]!, bounds[b]!) && someNear(mj, model, data, balls[a]!, balls[b]!))
            join(a, b)
    },
  }
}

/** A geom's bounding ball; `reach` holds its motion within the time, its margin and room for what is perturbed. */
interface Ball {
  readonly geom: number
  readonly center: readonly [number, number, number]
  readonly radius: number // m; Infinity where unbounded
  readonly reach: number // m
}

/** Balls of the geoms of each tree. */
function geomBalls(model: MjModel, data: MjData, time: number): Ball[][] {
  const {
    geom_bodyid: body,
    geom_rbound: radii,
    geom_margin: margins,
    body_treeid: treeOf,
    body_rootid: rootOf,
  } = model
  const { geom_xpos: place, cvel, subtree_com: com } = data
  const explicit = new Map<number, number>() // margin by geom of an explicit pair
  for (let p = 0; p < model.npair; p++)
    for (const geom of [model.pair_geom1[p], model.pair_geom2[p]])
      explicit.set(geom, Math.max(explicit.get(geom) ?? 0, model.pair_margin[p]))
  const out: Ball[][] = Array.from({ length: model.ntree }, () => [])
  for (let g = 0; g < model.ngeom; g++) {
    const tree = treeOf[body[g]]
    if (tree < 0 || (model.geom_contype[g] === 0 && model.geom_conaffinity[g] === 0 && !explicit.has(g))) continue
    const center = [place[3 * g], place[3 * g + 1], place[3 * g + 2]] as const
    const [wx, wy, wz, vx, vy, vz] = cvel.subarray(6 * body[g], 6 * body[g] + 6)
    const c = 3 * rootOf[body[g]]
    const [rx, ry, rz] = [center[0] - com[c], center[1] - com[c + 1], center[2] - com[c + 2]]
    const speed = Math.hypot(vx + wy * rz - wz * ry, vy + wz * rx - wx * rz, vz + wx * ry - wy * rx)
    const radius = radii[g] > 0 ? radii[g] : Number.POSITIVE_INFINITY
    const turning = Number.isFinite(radius) ? Math.hypot(wx, wy, wz) * radius : 0
    const margin = Math.max(margins[g], explicit.get(g) ?? 0)
    out[tree]!.push({ geom: g, center, radius, reach: MARGIN + margin + time * (speed + turning) })
  }
  return out
}

type Bounds = readonly [low: number[], high: number[]]

function treeBounds(balls: readonly (readonly Ball[])[], ntree: number): Bounds[] {
  return Array.from({ length: ntree }, (_, t): Bounds => {
    const low = [0, 0, 0].map(() => Number.POSITIVE_INFINITY)
    const high = [0, 0, 0].map(() => Number.NEGATIVE_INFINITY)
    for (const { center, radius, reach } of balls[t]!)
      for (let k = 0; k < 3; k++) {
        low[k] = Math.min(low[k]!, center[k]! - radius - reach)
        high[k] = Math.max(high[k]!, center[k]! + radius + reach)
      }
    return [low, high]
  })
}

function overlap([lowA, highA]: Bounds, [lowB, highB]: Bounds): boolean {
  return [0, 1, 2].every((k) => lowA[k]! <= highB[k]! && lowB[k]! <= highA[k]!)
}

/** Whether a geom of one tree comes near one of the other. */
function someNear(mj: MainModule, model: MjModel, data: MjData, a: readonly Ball[], b: readonly Ball[]): boolean {
  const { mjGEOM_PLANE, mjGEOM_HFIELD, mjGEOM_SDF } = mj.mjtGeom
  const unbounded: readonly number[] = [mjGEOM_PLANE.value, mjGEOM_HFIELD.value, mjGEOM_SDF.value]
  const hasDistance = (type: number) => !unbounded.includes(type)
  const types = model.geom_type
  const close: [Ball, Ball][] = []
  for (const p of a)
    for (const q of b) {
      const apart = Math.hypot(p.center[0] - q.center[0], p.center[1] - q.center[1], p.center[2] - q.center[2])
      if (apart <= p.radius + q.radius + p.reach + q.reach) close.push([p, q])
    }
  return close.some(([p, q]) => {
    if (!hasDistance(types[p.geom]) || !hasDistance(types[q.geom])) return true
    const limit = p.reach + q.reach
    return mj.mj_geomDistance(model, data, p.geom, q.geom, 2 * limit, null) <= limit
  })
}

/** Draws a robot in three.js: bodies, ground, ghost, the arrow of a pull; finds bodies under the pointer. */
import {
  AmbientLight,
  Color,
  DirectionalLight,
  Fog,
  HemisphereLight,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  PCFShadowMap,
  PerspectiveCamera,
  Plane,
  PlaneGeometry,
  Quaternion,
  Raycaster,
  Scene as ThreeScene,
  ShadowMaterial,
  Vector2,
  Vector3,
  WebGLRenderer,
} from 'three'
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js'
import type { Figure, FigureShape } from '../scene/figure.ts'
import { contactMarks } from './contactMarks.ts'
import { freePart } from './freePart.ts'
import { REACH, groundGrid, shadowMaterial, shadowProjection } from './ground.ts'
import { markAt, type Part, type PartMeshes, partMeshes, partsOf } from './partMeshes.ts'
import { pullArrow } from './pullArrow.ts'
import { reach } from './reach.ts'

const MUTED = ['#5b7fae', '#c28a45', '#6f9a76', '#8d7bab']
const TOWARDS_SUN = new Vector3(-1.5, -2, 4)
const NOWHERE = new Matrix4()
const NEEDED = 0.75 // of the window's height, that the robot's surroundings take at the usual distance
const UNIT = new Vector3(1, 1, 1)
/** Where a copy and the robot meet, the robot is seen. */
const BEHIND = { polygonOffset: true, polygonOffsetFactor: 2, polygonOffsetUnits: 2 }
const CLEAR = { transparent: true, opacity: 0.35, depthWrite: false, ...BEHIND }

/** What the pointer holds: a point of a body, and the plane that it is dragged in. */
export interface Grip {
  readonly body: number
  readonly point: readonly [number, number, number] // m, body frame
}

/** Where bodies are: x, y, z and w, x, y, z of each, [7 bodies]. */
export type Poses = Float64Array

export interface SceneView {
  show(figure: Figure, home: Poses): void
  place(poses: Poses, ghost: Poses | null, contacts: Float64Array | null): void // [7 bodies] each, [9 contacts]
  /** Draws what has changed; false where nothing has. */
  render(): boolean
  /** What the last picture took. */
  drawing(): { readonly calls: number; readonly triangles: number }
  /** The picture as PNG. */
  capture(): Promise<Blob | null>
  /** Faint copies of the robot; none: an empty list. */
  rollouts(copies: readonly Poses[]): void
  grip(px: number, py: number): Grip | null // pixels of the canvas
  /** Where the pointer is in the plane of the grip, in the world; draws the arrow to it. */
  drag(px: number, py: number): readonly [number, number, number]
  release(): void
  /** The middle of a body in pixels of the canvas. */
  pixelOf(body: number): readonly [number, number]
  resetCamera(): void
  marks(shown: Marks): void
  resize(): void
  colors(dark: boolean): void
}

/** What is shown beside the robot; `collision`: what collides in the place of what is to be looked at. */
export interface Marks {
  readonly axes: boolean
  readonly centres: boolean
  readonly collision: boolean
  readonly contacts: boolean
}

/** A robot as it is drawn. */
interface Drawn {
  readonly figure: Figure
  readonly places: readonly Matrix4[] // of the bodies
  readonly solid: PartMeshes
  readonly ghost: PartMeshes
  readonly axes: PartMeshes
  readonly centres: PartMeshes
}

export function sceneView(canvas: HTMLCanvasElement): SceneView {
  const isSlow = isSoftware()
  const renderer = new WebGLRenderer({ canvas, antialias: !isSlow, stencil: true, powerPreference: 'high-performance' })
  renderer.shadowMap.enabled = !isSlow
  renderer.shadowMap.type = PCFShadowMap
  const world = new ThreeScene()
  const camera = new PerspectiveCamera(40, 1, 0.02, 500)
  camera.up.set(0, 0, 1)
  const orbit = new OrbitControls(camera, canvas)
  const sun = new DirectionalLight('#ffffff', 2.2)
  sun.castShadow = !isSlow
  sun.shadow.mapSize.setScalar(2048)
  world.add(new AmbientLight('#ffffff', 0.6), new HemisphereLight('#ffffff', '#8a8f98', 0.9), sun, sun.target)
  const ground = new Mesh(new PlaneGeometry(1, 1), new ShadowMaterial({ opacity: 0.22 }))
  ground.receiveShadow = true
  ground.visible = !isSlow
  const grid = groundGrid()
  const pulling = pullArrow()
  const touching = contactMarks()
  world.add(ground, grid, pulling.arrow, touching.group)
  const dark = shadowMaterial()
  const triangles = isSlow ? 6_000 : 1_000_000

  let drawn: Drawn | null = null
  let level = 0 // m, of the ground
  let isStale = true
  const faint: PartMeshes[] = []
  let homeCamera = { from: new Vector3(3, -4, 2), at: new Vector3() }
  let shownMarks: Marks = { axes: false, centres: false, collision: false, contacts: false }
  let latest: Poses | null = null
  const dragPlane = new Plane()
  let held: Grip | null = null
  let pulledTo: Vector3 | null = null // of the world
  const raycaster = new Raycaster()
  orbit.addEventListener('change', () => {
    isStale = true
  })

  /** As at first, but to where the robot is now; farther away where panels leave little room. */
  const resetCamera = () => {
    const at = latest && drawn ? middleOf(latest) : homeCamera.at
    const { width, height } = freePart()
    const away = Math.min(1.7, Math.max(1, (NEEDED * canvas.clientHeight) / Math.min(width, height)))
    orbit.target.copy(at)
    camera.position.copy(homeCamera.from).sub(homeCamera.at).multiplyScalar(away).add(at)
    orbit.update()
  }

  const colors = (isDark: boolean) => {
    const background = new Color(isDark ? '#16181c' : '#fbfbfa')
    world.background = background
    const size = homeCamera.from.distanceTo(homeCamera.at)
    const far = Math.min(size * 7, size * 0.8 + REACH) // the ground fades before it ends
    world.fog = new Fog(background, Math.min(size * 2.2, far * 0.6), far)
    grid.material.color.set(isDark ? '#3d434b' : '#c4c9ce')
    isStale = true
  }

  const resize = () => {
    const { clientWidth: width, clientHeight: height } = canvas
    renderer.setPixelRatio(Math.min(2, window.devicePixelRatio))
    renderer.setSize(width, height, false)
    camera.aspect = width / Math.max(1, height)
    const [x, y] = freePart().middle
    camera.setViewOffset(width, height, width / 2 - x, height / 2 - y, width, height)
    camera.updateProjectionMatrix()
    isStale = true
  }

  const aim = (px: number, py: number) => {
    const pointer = new Vector2((px / canvas.clientWidth) * 2 - 1, 1 - (py / canvas.clientHeight) * 2)
    raycaster.setFromCamera(pointer, camera)
  }

  const clearCopies = () => {
    for (const copy of faint.splice(0)) {
      world.remove(copy.group)
      copy.dispose()
    }
    isStale = true
  }

  const marks = (what: Marks) => {
    const isOther = what.collision !== shownMarks.collision
    shownMarks = { ...what }
    if (isOther && drawn && latest) rebuild(drawn.figure, latest)
    if (!drawn) return
    touching.group.visible = touching.group.visible && what.contacts
    drawn.axes.group.visible = what.axes
    drawn.centres.group.visible = what.centres
    isStale = true
  }

  const place: SceneView['place'] = (poses, ghost, contacts) => {
    if (!drawn) return
    touching.group.visible = contacts !== null && shownMarks.contacts
    if (contacts) touching.place(contacts)
    latest = poses
    const { places, solid, axes, centres, ghost: copy } = drawn
    copy.group.visible = ghost !== null
    if (ghost) {
      pose(places, ghost)
      copy.place(places)
    }
    pose(places, poses)
    for (const meshes of [solid, axes, centres]) if (meshes.group.visible) meshes.place(places)
    drawPull()
  }

  const drawPull = () => {
    const at = held && drawn?.places[held.body]
    if (held && at && pulledTo) pulling.point(new Vector3(...held.point).applyMatrix4(at), pulledTo)
    isStale = true
  }

  const shownOf = (shapes: readonly FigureShape[]) =>
    shapes.filter(({ collide, hidden }) => (shownMarks.collision ? collide : !hidden))

  const rebuild = (figure: Figure, poses: Poses) => {
    if (drawn) {
      const { solid, ghost, axes, centres } = drawn
      for (const meshes of [solid, ghost, axes, centres]) {
        world.remove(meshes.group)
        meshes.dispose()
      }
      world.getObjectByName('shadow')?.removeFromParent()
      clearCopies()
    }
    const { bodies, environment } = figure
    const fixed = shownOf(environment)
      .filter(({ type }) => type !== 'plane')
      .flatMap((shape) => partsOf(shape, -1, '#8a8f98'))
    const moving = movingParts(figure, shownOf)
    drawn = {
      figure,
      places: bodies.map(() => new Matrix4()),
      solid: partMeshes([...fixed, ...moving], new MeshLambertMaterial(), triangles),
      ghost: partMeshes(
        moving.map((part) => ({ ...part, color: '#7a8cff' })),
        new MeshLambertMaterial(CLEAR),
        triangles,
      ),
      axes: partMeshes(axesOf(figure), new MeshBasicMaterial(), triangles),
      centres: partMeshes(
        bodies.map(({ com }, b) => markAt(b, com, 0.02, '#b3261e')),
        new MeshBasicMaterial({ depthTest: false }),
        triangles,
      ),
    }
    for (const mesh of drawn.solid.group.children) mesh.castShadow = mesh.receiveShadow = !isSlow
    for (const { group } of [drawn.solid, drawn.ghost, drawn.axes, drawn.centres]) world.add(group)
    if (isSlow) {
      const shadow = drawn.solid.shadow(dark, shadowProjection(TOWARDS_SUN, level + 0.002))
      shadow.name = 'shadow'
      world.add(shadow)
    }
    marks(shownMarks)
    place(poses, null, null)
  }

  return {
    show(figure, home) {
      level = frame(figure, home)
      rebuild(figure, home)
    },
    place,
    render() {
      orbit.update()
      if (!isStale) return false
      renderer.render(world, camera)
      isStale = false
      return true
    },
    drawing: () => ({ calls: renderer.info.render.calls, triangles: renderer.info.render.triangles }),
    capture() {
      renderer.render(world, camera)
      return new Promise((resolve) => canvas.toBlob(resolve))
    },
    rollouts(copies) {
      clearCopies()
      if (!drawn) return
      const { figure } = drawn
      for (const poses of copies) {
        const copy = partMeshes(
          movingParts(figure, shownOf).map((part) => ({ ...part, color: '#7a8cff' })),
          new MeshLambertMaterial({ ...CLEAR, opacity: 0.12 }),
          triangles,
        )
        const places = figure.bodies.map(() => new Matrix4())
        pose(places, poses)
        copy.place(places)
        world.add(copy.group)
        faint.push(copy)
      }
      isStale = true
    },
    grip(px, py) {
      if (!drawn) return null
      aim(px, py)
      const hit = raycaster.intersectObject(drawn.solid.group, true)[0]
      const body = hit && drawn.solid.bodyOf(hit)
      if (!hit || body === null || body === undefined) return null
      dragPlane.setFromNormalAndCoplanarPoint(camera.getWorldDirection(new Vector3()), hit.point)
      const { x, y, z } = hit.point.clone().applyMatrix4(drawn.places[body]!.clone().invert())
      held = { body, point: [x, y, z] }
      orbit.enabled = false
      return held
    },
    drag(px, py) {
      aim(px, py)
      const target = raycaster.ray.intersectPlane(dragPlane, new Vector3()) ?? new Vector3()
      pulledTo = held && target
      drawPull()
      return [target.x, target.y, target.z]
    },
    release() {
      held = pulledTo = null
      pulling.hide()
      orbit.enabled = true
      isStale = true
    },
    pixelOf(body) {
      const com = drawn?.figure.bodies[body]?.com ?? [0, 0, 0]
      const at = new Vector3(...com).applyMatrix4(drawn?.places[body] ?? NOWHERE).project(camera)
      return [((at.x + 1) / 2) * canvas.clientWidth, ((1 - at.y) / 2) * canvas.clientHeight]
    },
    resetCamera,
    marks,
    resize,
    colors,
  }

  /** Camera, light and ground to the size of the robot; the height of the ground. */
  function frame(figure: Figure, home: Poses): number {
    const at = middleOf(home)
    const spread = placesOf(home).reduce((most, place) => Math.max(most, at.distanceTo(place)), 0)
    const extent = figure.bodies
      .flatMap(({ shapes }) => shapes)
      .reduce((most, shape) => Math.max(most, reach(shape)), 0)
    const slides = figure.joints.some(({ type, parent }) => type === 'slider' && parent < 0)
    const radius = Math.max(0.5, spread + extent) + (slides ? 0.3 : 0)
    touching.fit(figure, Math.min(radius, 4))
    homeCamera = { at, from: at.clone().add(new Vector3(0.35, -0.9, 0.4).multiplyScalar(radius * 3.6)) }
    latest = null
    resetCamera()
    sun.position.copy(at).addScaledVector(TOWARDS_SUN, radius)
    sun.target.position.copy(at)
    const { camera: eye } = sun.shadow
    eye.left = eye.bottom = -radius * 1.8
    eye.right = eye.top = radius * 1.8
    eye.near = 0.1
    eye.far = radius * 12
    eye.updateProjectionMatrix()
    const floor = figure.environment.find(({ type }) => type === 'plane')
    const level = floor?.position[2] ?? at.z - radius
    ground.position.set(at.x, at.y, level)
    ground.scale.setScalar(radius * 6)
    grid.position.z = level + 0.001
    return level
  }
}

function placesOf(poses: Poses): Vector3[] {
  return Array.from({ length: poses.length / 7 }, (_, b) => new Vector3(...poses.subarray(7 * b, 7 * b + 3)))
}

function middleOf(poses: Poses): Vector3 {
  const places = placesOf(poses)
  return places.reduce((sum, place) => sum.add(place), new Vector3()).divideScalar(Math.max(1, places.length))
}

function pose(places: readonly Matrix4[], poses: Poses): void {
  const [position, rotation] = [new Vector3(), new Quaternion()]
  places.forEach((place, b) => {
    position.fromArray(poses, 7 * b)
    rotation.set(poses[7 * b + 4]!, poses[7 * b + 5]!, poses[7 * b + 6]!, poses[7 * b + 3]!)
    place.compose(position, rotation, UNIT)
  })
}

function movingParts({ bodies }: Figure, shown: (shapes: readonly FigureShape[]) => readonly FigureShape[]): Part[] {
  return bodies.flatMap(({ shapes }, b) =>
    shown(shapes).flatMap((shape) => partsOf(shape, b, MUTED[b % MUTED.length]!)),
  )
}

function axesOf({ joints }: Figure): Part[] {
  return joints.flatMap(({ type, child, anchor, axis }) =>
    type === 'hinge' || type === 'slider' ? [markAt(child, anchor, 0.006, '#1f5fbf', axis, 0.5)] : [],
  )
}

/** Whether WebGL is computed by the processor: shadows are then drawn flat, and edges as they are. */
function isSoftware(): boolean {
  const gl = document.createElement('canvas').getContext('webgl2')
  const info = gl?.getExtension('WEBGL_debug_renderer_info')
  const name = info ? String(gl!.getParameter(info.UNMASKED_RENDERER_WEBGL)) : ''
  gl?.getExtension('WEBGL_lose_context')?.loseContext()
  return /swiftshader|llvmpipe|software/i.test(name)
}

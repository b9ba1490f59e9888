/** Draws a robot in three.js: bodies, ground, ghost, the arrow of a pull; finds bodies under the pointer. */
import {
  AmbientLight,
  ArrowHelper,
  BasicShadowMap,
  BoxGeometry,
  BufferGeometry,
  CapsuleGeometry,
  Color,
  CylinderGeometry,
  DirectionalLight,
  Fog,
  Group,
  Float32BufferAttribute,
  HemisphereLight,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  type Object3D,
  PCFShadowMap,
  PerspectiveCamera,
  Plane,
  PlaneGeometry,
  Raycaster,
  Scene as ThreeScene,
  ShadowMaterial,
  SphereGeometry,
  Vector2,
  Vector3,
  WebGLRenderer,
} from 'three'
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js'
import type { Pose } from '../scene/pose.ts'
import type { Scene, Shape } from '../scene/scene.ts'
import { statePoses } from './statePoses.ts'

const MUTED = ['#5b7fae', '#c28a45', '#6f9a76', '#8d7bab']

/** What the pointer holds: a point of a body, and the plane that it is dragged in. */
export interface Grip {
  readonly body: number
  readonly point: readonly [number, number, number] // m, body frame
}

export interface SceneView {
  show(scene: Scene, home: Float64Array): void
  place(x: Float64Array, ghost: Float64Array | null): void
  render(): void
  grip(px: number, py: number): Grip | null // pixels of the canvas
  /** Where the pointer is in the plane of the grip, in the world; draws the arrow to it. */
  drag(px: number, py: number): readonly [number, number, number]
  release(): void
  /** The middle of a body in pixels of the canvas. */
  pixelOf(body: number): readonly [number, number]
  resetCamera(): void
  marks(shown: { readonly axes: boolean; readonly centres: boolean }): void
  resize(): void
  colors(dark: boolean): void
}

export function sceneView(canvas: HTMLCanvasElement): SceneView {
  const isSlow = isSoftware()
  const renderer = new WebGLRenderer({ canvas, antialias: !isSlow, powerPreference: 'high-performance' })
  renderer.shadowMap.enabled = true
  renderer.shadowMap.type = isSlow ? BasicShadowMap : PCFShadowMap
  const world = new ThreeScene()
  const camera = new PerspectiveCamera(40, 1, 0.02, 500)
  camera.up.set(0, 0, 1)
  const orbit = new OrbitControls(camera, canvas)
  const sun = new DirectionalLight('#ffffff', 2.2)
  sun.castShadow = true
  sun.shadow.mapSize.setScalar(isSlow ? 512 : 2048)
  world.add(new AmbientLight('#ffffff', 0.6), new HemisphereLight('#ffffff', '#8a8f98', 0.9), sun, sun.target)
  const ground = new Mesh(new PlaneGeometry(1, 1), new ShadowMaterial({ opacity: 0.22 }))
  ground.receiveShadow = true
  const gridMaterial = new LineBasicMaterial()
  const gridColor = gridMaterial.color
  const grid = new LineSegments(gridLines(25), gridMaterial)
  const arrow = new ArrowHelper(new Vector3(1, 0, 0), new Vector3(), 1, '#1f5fbf', 0.12, 0.08)
  arrow.visible = false
  world.add(ground, grid, arrow)

  let shown: Scene | null = null
  let bodies: Group[] = []
  let ghosts: Group[] = []
  let fixed = new Group()
  let axes: Object3D[] = []
  let centres: Object3D[] = []
  let homeCamera = { from: new Vector3(3, -4, 2), at: new Vector3() }
  const dragPlane = new Plane()
  let held: Grip | null = null
  const raycaster = new Raycaster()

  const resetCamera = () => {
    camera.position.copy(homeCamera.from)
    orbit.target.copy(homeCamera.at)
    orbit.update()
  }

  const colors = (dark: boolean) => {
    const background = new Color(dark ? '#16181c' : '#fbfbfa')
    world.background = background
    const size = homeCamera.from.distanceTo(homeCamera.at)
    world.fog = new Fog(background, size * 2.2, size * 7)
    gridColor.set(dark ? '#3d434b' : '#c4c9ce')
  }

  const resize = () => {
    const { clientWidth: width, clientHeight: height } = canvas
    renderer.setPixelRatio(Math.min(2, window.devicePixelRatio))
    renderer.setSize(width, height, false)
    camera.aspect = width / Math.max(1, height)
    // The middle of what the panels leave free.
    if (width > 760) camera.setViewOffset(width, height, Math.min(104, width / 10), 0, width, height)
    else camera.setViewOffset(width, height, 0, 0.2 * height, width, height)
    camera.updateProjectionMatrix()
  }

  const aim = (px: number, py: number) => {
    const pointer = new Vector2((px / canvas.clientWidth) * 2 - 1, 1 - (py / canvas.clientHeight) * 2)
    raycaster.setFromCamera(pointer, camera)
  }

  return {
    show(scene, home) {
      for (const group of [...bodies, ...ghosts, fixed]) {
        world.remove(group)
        group.traverse((part) => {
          if (part instanceof Mesh) part.geometry.dispose()
        })
      }
      shown = scene
      axes = []
      centres = []
      bodies = scene.bodies.map((body, b) => {
        const group = shapesOf(body.shapes, MUTED[b % MUTED.length]!, 1)
        group.userData.body = b
        const centre = new Mesh(new SphereGeometry(0.02), new MeshBasicMaterial({ color: '#b3261e', depthTest: false }))
        centre.position.set(...body.com)
        centre.visible = false
        centres.push(centre)
        group.add(centre)
        const joint = scene.joints[b]!
        if (joint.type === 'hinge' || joint.type === 'slider') {
          const axis = new Mesh(new CylinderGeometry(0.006, 0.006, 0.5), new MeshBasicMaterial({ color: '#1f5fbf' }))
          axis.quaternion.setFromUnitVectors(new Vector3(0, 1, 0), new Vector3(...joint.axis))
          axis.position.set(...joint.childAnchor)
          axis.visible = false
          axes.push(axis)
          group.add(axis)
        }
        return group
      })
      ghosts = scene.bodies.map((body) => {
        const group = shapesOf(body.shapes, '#7a8cff', 0.35)
        group.visible = false
        return group
      })
      fixed = shapesOf(
        scene.environment.filter(({ type }) => type !== 'plane'),
        '#8a8f98',
        1,
      )
      world.add(...bodies, ...ghosts, fixed)
      this.place(home, null)
      frame(scene, home)
    },
    place(x, ghost) {
      if (!shown) return
      pose(bodies, statePoses(shown, x))
      for (const group of ghosts) group.visible = ghost !== null
      if (ghost) pose(ghosts, statePoses(shown, ghost))
    },
    render() {
      orbit.update()
      renderer.render(world, camera)
    },
    grip(px, py) {
      aim(px, py)
      const hit = raycaster.intersectObjects(bodies, true)[0]
      if (!hit) return null
      let part: Object3D | null = hit.object
      while (part && part.userData.body === undefined) part = part.parent
      if (!part) return null
      dragPlane.setFromNormalAndCoplanarPoint(camera.getWorldDirection(new Vector3()), hit.point)
      const { x, y, z } = part.worldToLocal(hit.point.clone())
      held = { body: part.userData.body as number, point: [x, y, z] }
      orbit.enabled = false
      return held
    },
    drag(px, py) {
      aim(px, py)
      const target = raycaster.ray.intersectPlane(dragPlane, new Vector3()) ?? new Vector3()
      if (held) {
        const from = bodies[held.body]!.localToWorld(new Vector3(...held.point))
        const along = target.clone().sub(from)
        arrow.visible = along.length() > 1e-3
        arrow.position.copy(from)
        if (arrow.visible) {
          arrow.setDirection(along.clone().normalize())
          arrow.setLength(along.length(), 0.12, 0.08)
        }
      }
      return [target.x, target.y, target.z]
    },
    release() {
      held = null
      arrow.visible = false
      orbit.enabled = true
    },
    pixelOf(body) {
      const group = bodies[body]!
      group.updateMatrixWorld(true)
      const at = new Vector3(...(shown!.bodies[body]?.com ?? [0, 0, 0])).applyMatrix4(group.matrixWorld).project(camera)
      return [((at.x + 1) / 2) * canvas.clientWidth, ((1 - at.y) / 2) * canvas.clientHeight]
    },
    resetCamera,
    marks(what) {
      for (const axis of axes) axis.visible = what.axes
      for (const centre of centres) centre.visible = what.centres
    },
    resize,
    colors,
  }

  /** Camera, light and ground to the size of the robot. */
  function frame(scene: Scene, home: Float64Array): void {
    const poses = statePoses(scene, home)
    const at = poses.reduce((sum, { position }) => sum.add(new Vector3(...position)), new Vector3())
    at.divideScalar(Math.max(1, poses.length))
    const spread = poses.reduce((most, { position }) => Math.max(most, at.distanceTo(new Vector3(...position))), 0)
    const extent = scene.bodies.flatMap(({ shapes }) => shapes).reduce((most, shape) => Math.max(most, reach(shape)), 0)
    const radius = Math.max(0.5, spread + extent)
    homeCamera = { at, from: at.clone().add(new Vector3(0.35, -0.9, 0.4).multiplyScalar(radius * 3.6)) }
    resetCamera()
    sun.position.copy(at).add(new Vector3(-1.5, -2, 4).multiplyScalar(radius))
    sun.target.position.copy(at)
    const { camera: eye } = sun.shadow
    eye.left = eye.bottom = -radius * 1.8
    eye.right = eye.top = radius * 1.8
    eye.near = 0.1
    eye.far = radius * 12
    eye.updateProjectionMatrix()
    const floor = scene.environment.find(({ type }) => type === 'plane')
    const level = floor?.position[2] ?? at.z - radius
    ground.position.set(at.x, at.y, level)
    ground.scale.setScalar(radius * 6)
    grid.position.z = level + 0.001
  }
}

/** Lines 1 m apart in the plane z = 0, `reach` m each way. */
function gridLines(reach: number): BufferGeometry {
  const points: number[] = []
  // In pieces: a line that begins behind the camera is not drawn by every renderer.
  for (let k = -reach; k <= reach; k++)
    for (let l = -reach; l < reach; l++) points.push(l, k, 0, l + 1, k, 0, k, l, 0, k, l + 1, 0)
  return new BufferGeometry().setAttribute('position', new Float32BufferAttribute(points, 3))
}

function pose(groups: readonly Group[], poses: readonly Pose[]): void {
  groups.forEach((group, b) => {
    const { position, rotation } = poses[b]!
    group.position.set(...position)
    group.quaternion.set(rotation[1], rotation[2], rotation[3], rotation[0])
  })
}

function shapesOf(shapes: readonly Shape[], usual: string, opacity: number): Group {
  const group = new Group()
  for (const shape of shapes) {
    const isGhost = opacity < 1
    const material = new MeshLambertMaterial({
      color: isGhost ? usual : (shape.color ?? usual),
      transparent: isGhost,
      opacity,
      depthWrite: !isGhost,
    })
    const mesh = new Mesh(geometryOf(shape), material)
    mesh.castShadow = mesh.receiveShadow = !isGhost
    mesh.position.set(...shape.position)
    const [w, x, y, z] = shape.rotation
    mesh.quaternion.set(x, y, z, w)
    group.add(mesh)
  }
  return group
}

/** Cylinders and capsules of scenes lie along z, those of three.js along y. */
function geometryOf(shape: Shape): BufferGeometry {
  switch (shape.type) {
    case 'box':
      return new BoxGeometry(...shape.size)
    case 'sphere':
      return new SphereGeometry(shape.radius, 32, 20)
    case 'cylinder':
      return new CylinderGeometry(shape.radius, shape.radius, shape.length, 32).rotateX(Math.PI / 2)
    case 'capsule':
      return new CapsuleGeometry(shape.radius, shape.length, 8, 24).rotateX(Math.PI / 2)
    case 'plane':
      return new PlaneGeometry(100, 100)
  }
}

/** The farthest that a shape goes from the frame of its body, m. */
function reach(shape: Shape): number {
  const out = Math.hypot(...shape.position)
  switch (shape.type) {
    case 'box':
      return out + Math.hypot(...shape.size) / 2
    case 'sphere':
      return out + shape.radius
    case 'cylinder':
    case 'capsule':
      return out + shape.radius + shape.length / 2
    case 'plane':
      return 0
  }
}

/** Whether WebGL is computed by the processor, where smoothing edges costs more than all else. */
function isSoftware(): boolean {
  const gl = document.createElement('canvas').getContext('webgl2')
  const info = gl?.getExtension('WEBGL_debug_renderer_info')
  const name = info ? String(gl!.getParameter(info.UNMASKED_RENDERER_WEBGL)) : ''
  gl?.getExtension('WEBGL_lose_context')?.loseContext()
  return /swiftshader|llvmpipe|software/i.test(name)
}

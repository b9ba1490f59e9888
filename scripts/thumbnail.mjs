/** A small picture of a scene at home: outlines of its shapes from the front right, the far ones first. SVG. */
import { bodyPoses } from '../dist/scene/bodyPoses.js'
import { composePoses, IDENTITY, placedPoint } from '../dist/scene/pose.js'

const [WIDTH, HEIGHT, MARGIN] = [136, 64, 5]
const MUTED = ['#5b7fae', '#c28a45', '#6f9a76', '#8d7bab']
const UNIT = Array.from({ length: 16 }, (_, k) => (2 * Math.PI * k) / 16)

export function thumbnail(scene) {
  const poses = bodyPoses(scene, scene.home.positions)
  const drawn = [
    ...scene.environment
      .filter(({ type }) => type !== 'plane')
      .map((shape) => outline(shape, IDENTITY, shape.color ?? '#8a8f98')),
    ...scene.bodies.flatMap(({ shapes }, b) =>
      shapes
        .filter(({ hidden }) => !hidden)
        .map((shape) => outline(shape, poses[b], shape.color ?? MUTED[b % MUTED.length])),
    ),
  ].sort((a, b) => b.depth - a.depth)
  const points = drawn.flatMap(({ hull }) => hull)
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const scale = Math.min((WIDTH - 2 * MARGIN) / (right - left), (HEIGHT - 2 * MARGIN) / (high - low))
  const place = ([x, y]) =>
    `${(WIDTH / 2 + (x - (left + right) / 2) * scale).toFixed(1)},${(HEIGHT / 2 - (y - (low + high) / 2) * scale).toFixed(1)}`
  const shapes = drawn.map(
    ({ hull, color }) =>
      `<polygon points="${hull.map(place).join(' ')}" fill="${color}" stroke="#0004" stroke-width=".5"/>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">${shapes.join('')}</svg>\n`
}

function outline(shape, pose, color) {
  const frame = composePoses(pose, { position: shape.position, rotation: shape.rotation })
  const seen = pointsOf(shape).map((point) => project(placedPoint(frame, point)))
  return { hull: convexHull(seen), depth: seen.reduce((sum, [, , depth]) => sum + depth, 0) / seen.length, color }
}

/** Right, up, away; seen from the front (−y), a third to the right, from above. */
function project([x, y, z]) {
  const [across, away] = [0.93 * x + 0.36 * y, -0.36 * x + 0.93 * y]
  return [across, 0.92 * z + 0.38 * away, 0.92 * away - 0.38 * z]
}

function pointsOf(shape) {
  const ring = (radius, z) => UNIT.map((angle) => [radius * Math.cos(angle), radius * Math.sin(angle), z])
  const ball = (radius, z) =>
    [-1, -0.7, -0.35, 0, 0.35, 0.7, 1].flatMap((height) =>
      ring(radius * Math.sqrt(1 - height * height), z + radius * height),
    )
  const { radius, length } = shape
  switch (shape.type) {
    case 'box': {
      const [a, b, c] = shape.size.map((edge) => edge / 2)
      return [-1, 1].flatMap((i) => [-1, 1].flatMap((j) => [-1, 1].map((k) => [i * a, j * b, k * c])))
    }
    case 'sphere':
      return ball(radius, 0)
    case 'cylinder':
      return [...ring(radius, -length / 2), ...ring(radius, length / 2)]
    default:
      return [...ball(radius, -length / 2), ...ball(radius, length / 2)]
  }
}

/** Andrew's monotone chain. */
function convexHull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const half = (list) => {
    const chain = []
    for (const p of list) {
      while (chain.length > 1 && turn(chain.at(-2), chain.at(-1), p) <= 0) chain.pop()
      chain.push(p)
    }
    return chain.slice(0, -1)
  }
  return [...half(sorted), ...half(sorted.reverse())]
}

function turn(a, b, c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

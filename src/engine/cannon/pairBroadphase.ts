/**
 * Pairs of bodies that may collide, listed once: both have shapes, not both are static, and no joint connects them.
 * A scene without collision shapes then costs nothing, where cannon-es' NaiveBroadphase walks all n² pairs.
 */
import * as CANNON from 'cannon-es'

export class PairBroadphase extends CANNON.Broadphase {
  readonly #pairs: readonly (readonly [CANNON.Body, CANNON.Body])[]

  constructor(bodies: readonly CANNON.Body[], mayCollide: (i: number, j: number) => boolean) {
    super()
    const pairs: [CANNON.Body, CANNON.Body][] = []
    for (let i = 0; i < bodies.length; i++)
      for (let j = 0; j < i; j++) {
        const a = bodies[i]!
        const b = bodies[j]!
        const bothStatic = a.type === CANNON.Body.STATIC && b.type === CANNON.Body.STATIC
        if (a.shapes.length > 0 && b.shapes.length > 0 && !bothStatic && mayCollide(i, j)) pairs.push([a, b])
      }
    this.#pairs = pairs
  }

  override collisionPairs(_world: CANNON.World, p1: CANNON.Body[], p2: CANNON.Body[]): void {
    for (const [a, b] of this.#pairs) this.intersectionTest(a, b, p1, p2)
  }
}

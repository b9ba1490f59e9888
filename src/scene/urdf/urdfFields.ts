/** Attributes and elements of URDF as values: numbers, vectors and poses, each refused with its line, element and name. */
import { InputError } from '../inputError.ts'
import { suggestion } from '../nearest.ts'
import { quatFromRpy } from '../rotation.ts'
import type { Vec3 } from '../scene.ts'
import { IDENTITY, type Pose } from '../pose.ts'
import type { XmlNode } from './xmlTree.ts'

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** Reads the parts of one link or joint, `owner` ('joint "knee"'), from a file. */
export class UrdfFields {
  readonly #file: string | null
  readonly #owner: string

  constructor(file: string | null, owner: string) {
    this.#file = file
    this.#owner = owner
  }

  /** The error for a finding at `node`. */
  problem(node: XmlNode, expected: string, found: string): InputError {
    const own = node.name === this.#owner.split(' ')[0]
    const path = `line ${node.line}, ${own ? this.#owner : `<${node.name}> of ${this.#owner}`}`
    return new InputError({ file: this.#file, path, expected, found })
  }

  /** The only child of this name; undefined where there is none. Several are refused. */
  child(node: XmlNode, name: string): XmlNode | undefined {
    const [first, second] = node.children.filter((child) => child.name === name)
    if (second) throw this.problem(second, `one <${name}>`, `another on line ${first!.line}`)
    return first
  }

  required(node: XmlNode, name: string): XmlNode {
    const child = this.child(node, name)
    if (!child) throw this.problem(node, `a <${name}>`, 'none')
    return child
  }

  /** Refuses elements that look like misspelt ones of `known`. Others are somebody's extension. */
  refuseMisspelt(node: XmlNode, known: readonly string[]): void {
    for (const { name, ...rest } of node.children) {
      if (known.includes(name)) continue
      const hint = suggestion(name, known)
      if (hint !== '') throw this.problem({ name, ...rest }, 'an element of URDF', `the unknown <${name}>${hint}`)
    }
  }

  text(node: XmlNode, attribute: string): string {
    const value = node.attributes.get(attribute)
    if (value === undefined || value.trim() === '')
      throw this.problem(node, `the attribute ${attribute}`, value === undefined ? 'none' : 'an empty one')
    return value.trim()
  }

  /** A finite number; `fallback` where the attribute is missing and there is one. */
  number(node: XmlNode, attribute: string, { unit = '', fallback }: { unit?: string; fallback?: number } = {}): number {
    const value = node.attributes.get(attribute)
    if (value === undefined && fallback !== undefined) return fallback
    return this.#numbers(node, attribute, 1, `a number${unit === '' ? '' : ` (${unit})`}`)[0]!
  }

  positive(node: XmlNode, attribute: string, unit: string): number {
    const value = this.number(node, attribute, { unit })
    if (!(value > 0)) throw this.problem(node, `${attribute} > 0 (${unit})`, String(value))
    return value
  }

  nonnegative(node: XmlNode, attribute: string, unit: string, fallback?: number): number {
    const value = this.number(node, attribute, { unit, ...(fallback !== undefined && { fallback }) })
    if (!(value >= 0)) throw this.problem(node, `${attribute} ≥ 0 (${unit})`, String(value))
    return value
  }

  vector(node: XmlNode, attribute: string, unit: string, fallback?: Vec3): Vec3 {
    if (node.attributes.get(attribute) === undefined && fallback) return fallback
    const [x, y, z] = this.#numbers(node, attribute, 3, `three numbers${unit === '' ? '' : ` (${unit})`}`)
    return [x!, y!, z!]
  }

  numbers(node: XmlNode, attribute: string, count: number): readonly number[] {
    return this.#numbers(node, attribute, count, `${count} numbers`)
  }

  /** <origin xyz="…" rpy="…"/> of `node`; the identity where there is none. */
  origin(node: XmlNode): Pose {
    const origin = this.child(node, 'origin')
    if (!origin) return IDENTITY
    const rpy = this.vector(origin, 'rpy', 'rad', [0, 0, 0])
    return { position: this.vector(origin, 'xyz', 'm', [0, 0, 0]), rotation: quatFromRpy(rpy) }
  }

  #numbers(node: XmlNode, attribute: string, count: number, expected: string): readonly number[] {
    const text = this.text(node, attribute)
    const parts = text.split(/\s+/)
    const values = parts.map(Number)
    if (parts.length === count && parts.every((part) => NUMBER.test(part)) && values.every(Number.isFinite))
      return values
    throw this.problem(node, `${expected} in ${attribute}`, `"${text.length > 60 ? `${text.slice(0, 59)}…` : text}"`)
  }
}

/** The rules of the source tree, as functions of its files: who may import whom, and what no file may do. */
import { posix } from 'node:path'
import ts from 'typescript'

/** What a room may import. A room that is not listed here does not exist. */
export interface Room {
  readonly rooms: readonly string[] // rooms it may import from
  readonly typesOnly?: readonly string[] // rooms it may import types from
  readonly only?: Readonly<Record<string, readonly string[]>> // rooms of which it may import these files alone
  readonly packages?: readonly string[] // packages allowed nowhere else (but where `places` says a file)
  readonly inBrowsers?: boolean // runs in browsers too: no static import of node: modules
}

const CORE = ['linalg', 'blackbox', 'sensing', 'scene', 'engine', 'linearization', 'control', 'learn'] as const

export const ROOMS: Readonly<Record<string, Room>> = {
  linalg: { rooms: [], packages: ['pure-rand'], inBrowsers: true },
  blackbox: { rooms: ['linalg'], packages: ['piscina'], inBrowsers: true },
  sensing: { rooms: ['blackbox', 'linalg'], inBrowsers: true },
  scene: { rooms: [], packages: ['zod', '@rgrove/parse-xml'], inBrowsers: true },
  engine: {
    rooms: ['scene', 'linalg'],
    packages: ['cannon-es', '@mujoco/mujoco', '@dimforge/rapier3d-compat'],
    inBrowsers: true,
  },
  linearization: {
    rooms: ['engine', 'sensing', 'blackbox', 'linalg'],
    only: { engine: ['engine.ts'] },
    inBrowsers: true,
  },
  control: { rooms: ['linalg'], typesOnly: ['linearization'], inBrowsers: true },
  learn: { rooms: ['blackbox', 'sensing', 'linalg'], packages: ['@tensorflow/tfjs'], inBrowsers: true },
  experiment: { rooms: CORE, packages: ['bullmq', 'ioredis'] },
  report: { rooms: ['experiment'], typesOnly: ['linearization'], packages: ['@observablehq/plot', 'jsdom'] },
  viewer: { rooms: [...CORE, 'experiment'], packages: ['three', 'lil-gui', 'uplot'] },
  cli: { rooms: [...CORE, 'experiment', 'report'], packages: ['commander'] },
}

/** Packages that any room may import: matrices are values of the public interface. */
const EVERYWHERE = ['ml-matrix']

/** Public entries: they collect names for users of the package, and no room imports them. */
const ENTRIES = ['src/index.ts', 'src/mujoco.ts', 'src/rapier.ts', 'src/tfjs.ts']
const ENTRY = 'entry'

/** Packages that belong to one adapter: only files at or under these paths may import them. */
const ADAPTERS: Readonly<Record<string, string>> = {
  'cannon-es': 'src/engine/cannon',
  '@mujoco/mujoco': 'src/engine/mujoco',
  '@dimforge/rapier3d-compat': 'src/engine/rapier',
}

/** One import, export-from, import() or import type. */
interface Import {
  readonly target: string // as written
  readonly isType: boolean
  readonly isDynamic: boolean
  readonly isReexport: boolean
}

interface Source {
  readonly imports: readonly Import[]
  readonly faults: readonly string[]
}

/** Everything in `files` (path from the project root → text) that breaks a rule, one sentence each. */
export function architectureFaults(files: ReadonlyMap<string, string>): string[] {
  const faults: string[] = []
  const graph = new Map<string, string[]>()
  for (const [path, text] of files) {
    const source = scan(path, text)
    faults.push(...source.faults)
    graph.set(path, [])
    for (const one of source.imports) {
      const target = one.target.startsWith('.') ? posix.join(posix.dirname(path), one.target) : null
      if (target !== null && files.has(target)) graph.get(path)!.push(target)
      const fault = path.startsWith('sims/') ? simFault(path, one) : sourceFault(path, one, target)
      if (fault !== null) faults.push(`${path}: ${fault}`)
    }
  }
  return [...faults, ...cycles(graph)]
}

/** What experiments may import beside "jacsense": the library whose models hold its layers, and digits to train on. */
const OF_SIMS = ['@tensorflow/tfjs', 'mnist']

/** Rules of files under sims/: the public entry and parts that experiments share only; benchmarks may go deeper. */
function simFault(path: string, { target }: Import): string | null {
  if (path.startsWith('sims/bench/') || target === 'jacsense' || target.startsWith('jacsense/')) return null
  if (OF_SIMS.includes(target) || target.startsWith('node:') || /^\.\/parts\/\w+\.ts$/.test(target)) return null
  return `imports "${target}"; experiments import only "jacsense" and what is in sims/parts`
}

function sourceFault(path: string, one: Import, target: string | null): string | null {
  const room = roomOf(path)
  if (room === null) return null // told once, by scan
  if (target === null) return packageFault(path, room, one)
  const other = roomOf(target)
  if (!target.startsWith('src/') || (other === null && !ENTRIES.includes(target)))
    return `imports "${one.target}", which lies outside of the rooms`
  if (ENTRIES.includes(target)) return `imports ${target}, which is for users of the package`
  if (other === null || other === room) return null
  if (one.isReexport && !one.isType && room !== ENTRY)
    return `re-exports from room "${other}"; only src/index.ts does that`
  if (room === ENTRY)
    return other === 'viewer' || other === 'cli' ? `the public entry imports from room "${other}"` : null

  const { rooms, typesOnly = [], only = {} } = ROOMS[room]!
  if (typesOnly.includes(other)) return one.isType ? null : `room "${room}" may import types only from room "${other}"`
  if (!rooms.includes(other)) return `room "${room}" may not import from room "${other}" ("${one.target}")`
  const allowed = only[other]
  if (allowed && !allowed.some((file) => target === `src/${other}/${file}`))
    return `room "${room}" may import only ${allowed.join(', ')} from room "${other}", not "${one.target}"`
  return null
}

function packageFault(path: string, room: string, { target, isType, isDynamic }: Import): string | null {
  if (target.startsWith('node:'))
    return ROOMS[room]?.inBrowsers && !isDynamic && !isType
      ? `imports "${target}" at the top; room "${room}" runs in browsers too: import it where it is used`
      : null
  const name = target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
  if (EVERYWHERE.includes(name)) return null
  const owners = Object.keys(ROOMS).filter((other) => ROOMS[other]!.packages?.includes(name))
  if (owners.length === 0) return `imports the package "${name}", which no room lists`
  if (!owners.includes(room))
    return `room "${room}" imports the package "${name}", which belongs to "${owners.join(', ')}"`
  const adapter = ADAPTERS[name]
  if (adapter !== undefined && !path.startsWith(`${adapter}.`) && !path.startsWith(`${adapter}/`))
    return `imports the package "${name}", which belongs to ${adapter}`
  return null
}

/** The room of a file; ENTRY for the public entries; null for a file that is in none. */
function roomOf(path: string): string | null {
  const [top, room, ...rest] = path.split('/')
  if (ENTRIES.includes(path)) return ENTRY
  return top === 'src' && room !== undefined && rest.length > 0 && room in ROOMS ? room : null
}

/** The benchmarks are found by looking into their folder. */
const COMPUTES_IMPORTS = new Set(['src/cli/benchCommand.ts'])

/** Imports of one file, and what it does that no file of its kind may. */
function scan(path: string, text: string): Source {
  const imports: Import[] = []
  const faults: string[] = []
  const isSource = path.startsWith('src/')
  const [, folder] = path.split('/')
  if (isSource && roomOf(path) === null)
    faults.push(`${path}: "${folder}" is not a room; rooms are listed in test/architecture/architecture.ts`)

  const add = (node: ts.Expression | undefined, rest: Partial<Omit<Import, 'target'>> = {}) => {
    if (node && ts.isStringLiteralLike(node))
      imports.push({ target: node.text, isType: false, isDynamic: false, isReexport: false, ...rest })
    else if (!COMPUTES_IMPORTS.has(path)) faults.push(`${path}: imports a name that is computed; write it out`)
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, { isType: isTypeImport(node) })
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      const named = node.exportClause && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : []
      const isType = node.isTypeOnly || (named.length > 0 && named.every((element) => element.isTypeOnly))
      add(node.moduleSpecifier, { isType, isReexport: true })
      if (isSource && path !== 'src/index.ts' && !node.exportClause)
        faults.push(`${path}: export * makes a barrel; only src/index.ts collects names`)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], { isDynamic: true })
    else if (ts.isImportTypeNode(node))
      add(
        ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)
          ? node.argument.literal
          : undefined,
        {
          isType: true,
        },
      )
    else if (isSource && ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const used = `${node.expression.text}.${node.name.text}`
      if (used === 'Math.random')
        faults.push(`${path}: Math.random makes runs that can't be repeated; use linalg/random.ts`)
      if (node.expression.text === 'console' && folder !== 'cli') faults.push(`${path}: ${used}; only the cli prints`)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true))
  return { imports, faults }
}

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false
  if (importClause.isTypeOnly) return true
  const { name, namedBindings } = importClause
  if (name || !namedBindings || !ts.isNamedImports(namedBindings)) return false
  return namedBindings.elements.length > 0 && namedBindings.elements.every((element) => element.isTypeOnly)
}

/** Import cycles, types included: the first found from each file not yet cleared, by depth-first search. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const visit = (file: string): void => {
    state.set(file, 'open')
    path.push(file)
    for (const next of graph.get(file) ?? []) {
      if (state.get(next) === 'open')
        found.push(`import cycle: ${[...path.slice(path.indexOf(next)), next].join(' → ')}`)
      else if (!state.has(next)) visit(next)
    }
    path.pop()
    state.set(file, 'done')
  }
  for (const file of graph.keys()) if (!state.has(file)) visit(file)
  return found
}

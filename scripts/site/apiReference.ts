/** The reference of the library from its docstrings, as Markdown pages: one for each public name. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Application, Comment, type DeclarationReflection, type ProjectReflection, ReflectionKind } from 'typedoc'
import type { MarkdownApplication } from 'typedoc-plugin-markdown'

const ENTRIES: readonly (readonly [module: string, file: string])[] = [
  ['jacsense', 'src/index.ts'],
  ['jacsense/mujoco', 'src/mujoco.ts'],
  ['jacsense/rapier', 'src/rapier.ts'],
  ['jacsense/tfjs', 'src/tfjs.ts'],
]

/** What the sidebar lists; types are reached from where they are used, and by the search. */
const KINDS = [
  ['functions', 'Functions'],
  ['classes', 'Classes'],
] as const

interface Item {
  readonly text: string
  readonly link?: string
  readonly items?: readonly Item[]
  readonly collapsed?: boolean
}

/** Writes pages into `folder`, and sidebar.json with what leads to them. Throws on warnings of TypeDoc. */
export async function apiReference(root: string, folder: string): Promise<void> {
  const app = (await Application.bootstrapWithPlugins({
    entryPoints: ENTRIES.map(([, file]) => join(root, file)),
    out: folder,
    tsconfig: join(root, 'tsconfig.json'),
    plugin: ['typedoc-plugin-markdown'],
    name: 'Reference',
    readme: 'none',
    disableGit: true,
    disableSources: true,
    excludeExternals: true,
    excludePrivate: true,
    skipErrorChecking: true,
    logLevel: 'Error',
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    // @ts-expect-error: options of the plugin
    entryFileName: 'index',
    fileExtension: '.md',
    sort: ['source-order'],
    hideBreadcrumbs: true,
    hidePageHeader: true,
    useCodeBlocks: true,
    expandObjects: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    tableColumnSettings: { hideSources: true, hideInherited: true, hideOverrides: true, hideModifiers: true },
    sanitizeComments: true,
  })) as MarkdownApplication
  const project = await app.convert()
  if (project === undefined) throw new Error('TypeDoc could not read the sources')
  nameModules(project)
  addTrailingComments(project, root)
  await app.generateOutputs(project)
  if (app.logger.hasErrors()) throw new Error('TypeDoc reports errors')
  writeFileSync(join(folder, 'sidebar.json'), JSON.stringify(sidebarOf(folder)))
}

function nameModules(project: ProjectReflection): void {
  for (const child of project.children ?? []) {
    const found = ENTRIES.find(([, file]) => file === `src/${child.name}.ts`)
    if (found !== undefined) child.name = found[0]
  }
}

/** What stands at the end of the line of a property or parameter (its shape, unit, default) is its description where it has no other. */
function addTrailingComments(project: ProjectReflection, root: string): void {
  const texts = new Map<string, string>()
  const kinds = ReflectionKind.Property | ReflectionKind.Variable | ReflectionKind.Parameter
  for (const reflection of project.getReflectionsByKind(kinds) as DeclarationReflection[]) {
    const { fileName, pos } = project.getSymbolIdFromReflection(reflection) ?? {}
    if (reflection.comment !== undefined || !fileName?.startsWith(root) || pos === undefined) continue
    const text = texts.get(fileName) ?? readFileSync(fileName, 'utf8')
    texts.set(fileName, text)
    // the name, and on its line nothing but it and its type before the comment
    const line = /^\s*[^\n/]*?(?:\/\/ ?([^\n]*))?\n/.exec(text.slice(pos))
    if (line?.[1] !== undefined) reflection.comment = new Comment([{ kind: 'text', text: line[1] }])
  }
}

function sidebarOf(folder: string): Item[] {
  return ENTRIES.map(([module]) => ({
    text: module,
    link: `/api/${module}/`,
    collapsed: module !== 'jacsense',
    items: KINDS.flatMap(([kind, title]) => {
      const path = join(folder, module, kind)
      const names = existsSync(path) ? readdirSync(path).map((file) => file.replace(/\.md$/, '')) : []
      const items = names.sort().map((text) => ({ text, link: `/api/${module}/${kind}/${text}` }))
      return items.length === 0 ? [] : [{ text: title, items }]
    }),
  }))
}

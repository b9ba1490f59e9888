/** The gallery: a section for each experiment of sims/, with the question it opens with, its picture, and the command that runs it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PICTURES } from '../docs/pictures.ts'

/** Markdown. Pictures are those in docs/images, and where an experiment draws none, its robots (of the built viewer) at home. */
export function gallery(root: string): string {
  const sections = readdirSync(join(root, 'sims'))
    .filter((name) => name.endsWith('.ts'))
    .sort((a, b) => Number(pictureOf(b) !== undefined) - Number(pictureOf(a) !== undefined) || a.localeCompare(b))
    .map((name) => {
      const source = readFileSync(join(root, 'sims', name), 'utf8')
      const [question, ...more] = opening(source, name)
      const picture = pictureOf(name)
      const command = `npx tsx sims/${name}${picture === undefined ? '' : ' picture.svg'}`
      return [
        `## ${titleOf(name)}`,
        `**${question}** ${more.join(' ')}`.trim(),
        picture === undefined ? robots(source, root) : `![${question}](images/${picture})`,
        `\`\`\`sh\n${command}\n\`\`\``,
      ].join('\n\n')
    })
  return [
    '# Gallery',
    'Experiments of the folder `sims/`, one question each. They print a table; those with a plot draw it where they are told to. All plots on this page were drawn by them (`npm run pictures`).',
    ...sections,
    '',
  ].join('\n\n')
}

function pictureOf(sim: string): string | undefined {
  return Object.keys(PICTURES).find((picture) => PICTURES[picture]!.includes(`sims/${sim} `))
}

/** The comment that a file opens with, question first. */
function opening(source: string, name: string): [string, string] {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1]
  if (comment === undefined) throw new Error(`sims/${name} does not open with the question it asks`)
  const text = comment
    .replace(/^\s*\* ?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/([<>{}])/g, '\\$1')
  const end = text.indexOf('?') + 1
  return [text.slice(0, end), text.slice(end).trim()]
}

function titleOf(name: string): string {
  const words = basename(name, '.ts')
    .replaceAll('-', ' ')
    .replace('ilqr', 'iLQR')
    .replace('lqg', 'LQG')
    .replace('mpc', 'MPC')
  return words.replace('cartpole', 'cart-pole').replace(/^(?!iLQR)[a-z]/, (letter) => letter.toUpperCase())
}

function robots(source: string, root: string): string {
  const texts = [
    source,
    ...[...source.matchAll(/from '\.\/(parts\/\w+)\.ts'/g)].map(([, part]) =>
      readFileSync(join(root, `sims/${part}.ts`), 'utf8'),
    ),
  ]
  const names = [
    ...new Set(texts.flatMap((text) => [...text.matchAll(/'([a-z]+[a-z0-9-]*)'/g)].map(([, name]) => name!))),
  ]
  const scenes = names.filter((name) => existsSync(join(root, `scenes/${name}/scene.json`)))
  return scenes
    .map((name) => `<img class="robot" src="./images/scenes/${name}.svg" alt="${name}" title="${name}">`)
    .join('\n')
}

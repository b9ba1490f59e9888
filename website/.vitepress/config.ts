/** The documentation's website, of the pages that `npm run site` gathers. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { slugOf } from '../../scripts/docs/markdownLinks.ts'

const pages = fileURLToPath(new URL('../../out/site-pages/', import.meta.url))

const titleOf = (page: string) => /^# (.+)$/m.exec(readFileSync(`${pages}${page}.md`, 'utf8'))![1]!.replaceAll('`', '')
const item = (page: string) => ({ text: page === 'methods/index' ? 'Which to take' : titleOf(page), link: `/${page}` })

const METHODS = ['coloring', 'rainbow', 'compressed-sensing', 'noise', 'robust-decoding', 'left-action', 'certificate']
const CONTROLS = ['smoothing', 'lqr', 'kalman', 'ilqr']
const GROUPS: readonly (readonly [title: string, pages: readonly string[]])[] = [
  ['Start', ['guide', 'overview', 'gallery', 'viewer']],
  ['Methods', ['index', ...METHODS, ...CONTROLS].map((name) => `methods/${name}`)],
  [
    'Use',
    [
      'sensing',
      'control',
      'control-ilqr',
      'sweeps',
      'learning',
      'policies',
      'fixed-points',
      'measure-elsewhere',
      'browser',
    ],
  ],
  ['Engines', ['engines', 'mujoco', 'rapier']],
  ['File formats', ['file-formats', 'scene-format', 'urdf']],
  ['Project', ['benchmarks', 'support', 'contributing', 'changelog']],
]

const listed = GROUPS.flatMap(([, names]) => names)
const others = readdirSync(pages)
  .filter((name) => name.endsWith('.md') && name !== 'index.md')
  .map((name) => name.slice(0, -3))
  .filter((name) => !listed.includes(name))

const sidebar = [...GROUPS, ['More', others] as const].flatMap(([text, names]) => {
  const items = names.filter((name) => existsSync(`${pages}${name}.md`)).map(item)
  return items.length === 0 ? [] : [{ text, items, collapsed: false }]
})

export default defineConfig({
  title: 'jacsense',
  description: 'Linearize rigid-body simulators that offer no derivatives, and control them.',
  lang: 'en-GB',
  cleanUrls: false,
  metaChunk: true,
  lastUpdated: false,
  ignoreDeadLinks: false,
  srcDir: pages,
  base: process.env.SITE_BASE ?? '/',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env.SITE_BASE ?? '/'}icon.svg` }]],
  markdown: {
    math: true,
    anchor: { slugify: slugOf },
    theme: { light: 'github-light', dark: 'github-dark' },
  },
  themeConfig: {
    logo: '/icon.svg',
    search: { provider: 'local', options: { detailedView: false } },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Guide', link: '/guide' },
      { text: 'Methods', link: '/methods/', activeMatch: '/methods/' },
      { text: 'Gallery', link: '/gallery' },
      { text: 'Reference', link: '/api/', activeMatch: '/api/' },
    ],
    sidebar: { '/api/': JSON.parse(readFileSync(`${pages}api/sidebar.json`, 'utf8')), '/': sidebar },
    footer: { message: 'MIT licence' },
  },
  vite: { build: { chunkSizeWarningLimit: 4000 } },
})

/**
 * three for the viewer's page, from its modules instead of from its one file: what the page does not use stays out of it. Of the
 * shaders, that is what three can't know: those of materials that the page never makes. 17 kB less, gzipped.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * Files of the materials that the page makes: MeshBasicMaterial and LineBasicMaterial, MeshLambertMaterial, ShadowMaterial, and what
 * renders shadow maps. Another material takes its file here, or its shader is empty, and three says on the console that it fails.
 */
const SHADERS = ['meshbasic', 'meshlambert', 'shadow', 'depth']
/** Put into every fragment shader by three itself. */
const ALWAYS = ['colorspace_pars_fragment']
const SOURCES = new URL('renderers/shaders/', import.meta.resolve('three/src/Three.js'))
const TEXT = /\/\* glsl \*\/\s*`([^`]*)`/g

/** A Vite plugin. */
export function threeModules() {
  const used = includedBy(SHADERS)
  return {
    name: 'three-modules',
    enforce: 'pre',
    resolveId(source, importer) {
      return source === 'three' ? this.resolve('three/src/Three.js', importer) : null
    },
    transform(code, id) {
      if (!id.endsWith('.glsl.js')) return null
      const isUsed = used.has(basename(id, '.glsl.js'))
      return code.replace(TEXT, (_, shader) => JSON.stringify(isUsed ? bare(shader) : ''))
    },
  }
}

/** The shaders, and the chunks that they include, and those include. */
function includedBy(shaders) {
  const used = new Set()
  const add = (folder, name) => {
    if (used.has(name)) return
    used.add(name)
    const file = new URL(`${folder}/${name}.glsl.js`, SOURCES)
    for (const [, chunk] of readFileSync(file, 'utf8').matchAll(/#include <(\w+)>/g)) add('ShaderChunk', chunk)
  }
  for (const name of shaders) add('ShaderLib', name)
  for (const name of ALWAYS) add('ShaderChunk', name)
  return used
}

/** Without comments and indentation. */
function bare(shader) {
  const lines = shader.replace(/\/\*[\s\S]*?\*\//g, '').split('\n')
  return lines
    .map((line) => line.replace(/\/\/.*/, '').trim())
    .filter((line) => line !== '')
    .join('\n')
}

// Measures what is shipped: imports of `src/*.ts` get `dist/*.js`. The loader that runs the benchmarks wraps inner functions, which costs
// hot loops a good part of their speed.
import { register } from 'node:module'

register(`data:text/javascript,${encodeURIComponent(`
  const src = ${JSON.stringify(new URL('../../src/', import.meta.url).href)}
  const dist = ${JSON.stringify(new URL('../../dist/', import.meta.url).href)}
  export const resolve = async (specifier, context, next) => {
    const found = await next(specifier, context)
    if (!found.url.startsWith(src)) return found
    return { url: dist + found.url.slice(src.length).replace(/\\.ts(\\?.*)?$/, '.js'), format: 'module', shortCircuit: true }
  }`)}`)

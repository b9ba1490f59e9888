/** jacsense/tfjs: blackboxes in neural networks. Needs the optional package @tensorflow/tfjs. Public names only. */
export { type BackwardReport, BlackboxLayer, blackboxLayer } from './learn/blackboxLayer.ts'
export { type FitOptions, fitBlackbox } from './learn/fitBlackbox.ts'
export type { BlackboxLayerOptions } from './learn/layerOptions.ts'
export { registerBlackbox } from './learn/registerBlackbox.ts'
export { type AheadOptions, predictBatch, runAhead, trainBatch } from './learn/runAhead.ts'
export { type ProximalGradient, proximalGradient, type ProximalOptions } from './learn/proximalGradient.ts'
export {
  ProximalOptimizer,
  proximalOptimizer,
  type ProximalOptimizerOptions,
  type ProximalReport,
} from './learn/proximalOptimizer.ts'

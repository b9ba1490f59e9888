/** jacsense/tfjs: blackboxes in neural networks. Needs the optional package @tensorflow/tfjs. Public names only. */
export { type BackwardReport, BlackboxLayer, blackboxLayer } from './learn/blackboxLayer.ts'
export { BlackboxLayerError } from './learn/blackboxLayerError.ts'
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
export { contactSweep, type ContactSweepOptions } from './learn/contactSweep.ts'
export {
  type FixedPoint,
  type FixedPointMap,
  solveFixedPoint,
  type SolveFixedPointOptions,
} from './learn/fixedPoint.ts'
export {
  type FixedPointGradient,
  fixedPointGradient,
  type FixedPointGradientOptions,
  type FixedPointMethod,
} from './learn/fixedPointGradient.ts'
export {
  FixedPointLayer,
  fixedPoint,
  fixedPointLayer,
  type FixedPointLayerOptions,
  type FixedPointOptions,
} from './learn/fixedPointLayer.ts'
export { type GradientCheck, type GradientWatch, gradientWatch, type WatchOptions } from './learn/gradientWatch.ts'
export { watchedGradient } from './learn/watchedGradient.ts'

/** jacsense: linearize rigid-body simulators without derivatives, and control them. Public names only. */

// Scenes
export { InputError } from './scene/inputError.ts'
export { sceneJsonSchema, sweepJsonSchema } from './scene/jsonSchema.ts'
export { listScenes, type LoadSceneOptions, loadScene } from './scene/loadScene.ts'
export { type ParseSceneOptions, parseScene } from './scene/parseScene.ts'
export { type ParseUrdfOptions, parseUrdf } from './scene/parseUrdf.ts'
export type { NamedState, Scene, Task, Weights } from './scene/scene.ts'
export { controlVector, reducedState } from './scene/stateVector.ts'

// Engines
export { type CheckEngineOptions, checkEngine, type EngineCheck, type EngineReport } from './engine/checkEngine.ts'
export { CONTACT, type Contacts, createContacts } from './engine/contacts.ts'
export { createEngine, ENGINE_NAMES, type EngineChoice } from './engine/createEngine.ts'
export type { ControlCoordinate, Coordinate, Engine, Layout, Point } from './engine/engine.ts'
export { type JointTangent, jointTangent } from './engine/jointTangent.ts'
export { referenceEngine } from './engine/reference/referenceEngine.ts'

// Blackboxes
export type { BatchOptions, Blackbox } from './blackbox/blackbox.ts'
export { BlackboxError } from './blackbox/blackboxError.ts'
export { PoolError } from './blackbox/poolError.ts'
export { type CountedBlackbox, countCalls } from './blackbox/countCalls.ts'
export { type BlackboxPool, type BlackboxPoolOptions, openBlackboxPool } from './blackbox/openBlackboxPool.ts'
export { type Serve, serveBlackbox } from './blackbox/serveBlackbox.ts'
export { withCorruption } from './blackbox/withCorruption.ts'
export { withNoise } from './blackbox/withNoise.ts'

// Patterns and coloring
export { parseMatrixMarket, type MatrixMarket } from './linalg/matrixMarket.ts'
export { densePattern, type Pattern, patternFromColumns, patternFromEntries } from './linalg/pattern.ts'
export { type ColumnColoring, colorColumns } from './sensing/colorColumns.ts'
export {
  type ColorSymmetricOptions,
  colorSymmetric,
  type SymmetricColoring,
  type SymmetricProblem,
  type SymmetricRule,
} from './sensing/colorSymmetric.ts'
export type { ColumnOrder } from './sensing/columnOrders.ts'

// Sensing
export type { Term, TiedColumn, TiedRow, Ties } from './linalg/ties.ts'
export { type DetectOptions, detectPattern } from './sensing/detectPattern.ts'
export {
  type LeastAbsoluteOptions,
  type LeastAbsoluteSolution,
  leastAbsoluteDeviations,
} from './sensing/leastAbsoluteDeviations.ts'
export type { KnownEntry, Tied, TiedEntry } from './sensing/family.ts'
export { type MeasureOptions, measure } from './sensing/measure.ts'
export { patternFromJacobian } from './sensing/patternFromJacobian.ts'
export type { Measurements, Plan } from './sensing/plan.ts'
export { type PrepareOptions, prepareSensing, type SensingStructure } from './sensing/prepareSensing.ts'
export type { CallCounts, Quality, Smoothing } from './sensing/quality.ts'
export { measurementsFromValues } from './sensing/measurementsFromValues.ts'
export { plannedPoints } from './sensing/plannedPoints.ts'
export { recover } from './sensing/recover.ts'
export { recoverSparse, type SparseJacobian } from './sensing/recoverSparse.ts'
export type { Decoding } from './sensing/rainbow/solveEquations.ts'
export { sense } from './sensing/sense.ts'
export type { SenseOptions, SenseResult } from './sensing/senseOptions.ts'
export type { Scheme } from './sensing/stencil.ts'
export type { Weighing } from './sensing/weighing.ts'
export type { Symmetry, SymmetricBlock } from './sensing/symmetricBlocks.ts'
export { type Design, DESIGNS } from './sensing/designs.ts'
export { type AdaptiveStep, type AdaptiveStepOptions, adaptiveStep } from './sensing/adaptiveStep.ts'
export {
  type EstimateNoiseOptions,
  estimateNoise,
  type NoiseLevel,
  type NoiseReading,
  noiseOfValues,
} from './sensing/estimateNoise.ts'
export { type SmoothedOptions, type SmoothedResult, smoothedJacobian } from './sensing/smoothedJacobian.ts'
export type { LeftDecoding } from './sensing/leftAction.ts'
export { type Vjp, type VjpOptions, vjp } from './sensing/vjp.ts'

// Linearization
export {
  type CompareEnginesOptions,
  compareEngines,
  type EngineComparison,
  type PointComparison,
  type StepDifference,
} from './linearization/compareEngines.ts'
export { type Comparison, compareLinearizations, type WorstEntry } from './linearization/compareLinearizations.ts'
export { continuize, discretize } from './linearization/discretize.ts'
export { type Equilibrium, type EquilibriumOptions, findEquilibrium } from './linearization/findEquilibrium.ts'
export type { Linearization } from './linearization/linearization.ts'
export { type LinearizeOptions, linearize, type StepPool } from './linearization/linearize.ts'
export type { Deviations, SmoothingChoice } from './linearization/smoothing.ts'
export { type LinearizeAlongOptions, linearizeAlong } from './linearization/linearizeAlong.ts'
export { linearizationFromSteps, type StepsOptions } from './linearization/linearizationFromSteps.ts'
export { type PlannedSteps, plannedSteps } from './linearization/plannedSteps.ts'
export { type PrepareLinearizationOptions, prepareLinearization } from './linearization/prepareLinearization.ts'

export type { DerivativeReport, Dynamics, Knots } from './linearization/trajectory/dynamics.ts'
export { type SensedDynamicsOptions, sensedDynamics } from './linearization/trajectory/sensedDynamics.ts'

// Control
export type { Accuracy } from './control/accuracy.ts'
export { type Care, care } from './control/care.ts'
export { type ConstrainedLqr, type Constraint, constrainedLqr } from './control/constrainedLqr.ts'
export { controllabilityGramian } from './control/controllabilityGramian.ts'
export type { Controller } from './control/controller.ts'
export { delayedController } from './control/delayedController.ts'
export { type Dare, type DareOptions, type DareResult, dare } from './control/dare.ts'
export {
  type FiniteHorizonCost,
  type FiniteHorizonLqr,
  finiteHorizonLqr,
} from './control/finiteHorizonLqr.ts'
export type { QuadraticCost } from './control/linearArguments.ts'
export { type GainSchedule, gainSchedule, type ScheduleInterval, type SchedulePoint } from './control/gainSchedule.ts'
export { gainScheduleController } from './control/gainScheduleController.ts'
export type { GramianOptions } from './control/gramian.ts'
export { hankelSingularValues } from './control/hankelSingularValues.ts'
export { type IntegralAction, type IntegralCost, integralAction } from './control/integralAction.ts'
export { type IntegralController, integralController } from './control/integralController.ts'
export { type FilterNoise, type Kalman, type KalmanOptions, type KalmanResult, kalman } from './control/kalman.ts'
export { type Lqg, lqg } from './control/lqg.ts'
export { type LqgController, lqgController } from './control/lqgController.ts'
export { type Lqr, type LqrOptions, lqr } from './control/lqr.ts'
export { lqrController } from './control/lqrController.ts'
export { describeMode, type Mode } from './control/modes.ts'
export { observabilityGramian } from './control/observabilityGramian.ts'
export type { Outputs } from './control/outputMatrix.ts'
export { ilqr } from './control/ilqr/ilqr.ts'
export type { IlqrOptions } from './control/ilqr/ilqrOptions.ts'
export type { IlqrProblem } from './control/ilqr/ilqrProblem.ts'
export type { IlqrEnd, IlqrIteration, IlqrResult } from './control/ilqr/ilqrResult.ts'
export { quadraticTracking, type TrackingWeights } from './control/ilqr/quadraticTracking.ts'
export { trackTrajectory } from './control/ilqr/trackTrajectory.ts'

// learn
export { linearPolicy, mlpPolicy, type Policy, toeplitzPolicy } from './learn/policy/policies.ts'
export { type PerturbedGradient, type PerturbedOptions, perturbedGradient } from './learn/policy/perturbedGradient.ts'
export { policyController } from './learn/policy/policyController.ts'
export {
  type PolicyDynamics,
  type PolicyTask,
  type RolloutCost,
  type Rollouts,
  rolloutCost,
} from './learn/policy/rolloutTask.ts'
export { type Training, type TrainOptions, trainPolicy } from './learn/policy/trainPolicy.ts'
export type { RunningExpansion, TerminalExpansion, TrajectoryCost } from './control/ilqr/trajectoryCost.ts'
export { type MpcController, type MpcOptions, type MpcProblem, type MpcReport, mpc } from './control/mpc/mpc.ts'
export { openLoop } from './control/openLoop.ts'
export type { RiccatiOptions } from './control/riccatiArguments.ts'
export {
  type StepCost,
  type TimeVaryingLqr,
  type TimeVaryingOptions,
  timeVaryingLqr,
} from './control/timeVaryingLqr.ts'
export { type TimeVaryingControllerOptions, timeVaryingLqrController } from './control/timeVaryingLqrController.ts'

// Experiments
export { type AttractionOptions, type AttractionRate, attractionRate } from './experiment/attractionRate.ts'
export { bentStates, type BentStatesOptions } from './experiment/bentStates.ts'
export type { Benchmark, BenchmarkChart, BenchmarkPoint, BenchmarkResult } from './experiment/benchmark.ts'
export {
  type ControlMetrics,
  type CoordinateMetrics,
  type Metrics,
  type MetricsOptions,
  measureRun,
} from './experiment/metrics.ts'
export { type EnginePool, type EnginePoolOptions, openEnginePool } from './experiment/openEnginePool.ts'
export type { MeasurementNoise } from './experiment/measurementNoise.ts'
export { pointFrom, pointFromNames } from './experiment/point.ts'
export {
  type EstimatedCoordinate,
  type EstimatedOutput,
  type EstimateRecorder,
  type Estimation,
  recordEstimates,
} from './experiment/recordEstimates.ts'
export { type RegionOfAttraction, type RegionOptions, regionOfAttraction } from './experiment/regionOfAttraction.ts'
export {
  type Disturbance,
  type Kick,
  type Pulse,
  type SimulateOptions,
  simulate,
  type Trajectory,
} from './experiment/simulate.ts'
export { readSweepRows } from './experiment/sweep/resultsFolder.ts'
export { type RobustnessOptions, robustnessSweep } from './experiment/sweep/robustness.ts'
export { type SweepOptions, type SweepResult, sweep } from './experiment/sweep/sweep.ts'
export type { SweepRow } from './experiment/sweep/job.ts'
export { QueueError } from './experiment/sweep/queue/queueError.ts'
export { type QueueWorkerOptions, queueWorker } from './experiment/sweep/queue/queueWorker.ts'
export { type Cost, taskCost } from './experiment/taskCost.ts'
export { unstableModes } from './experiment/unstableModes.ts'

// Reports
export { callsSentence, certificateSentence } from './experiment/certificate.ts'
export type { Eigenvalue, ReportContent } from './report/content.ts'
export { type LinearizationJson, linearizationJson } from './experiment/linearizationJson.ts'
export { trajectoryCsv } from './report/trajectoryCsv.ts'
export { writeReport } from './report/writeReport.ts'
export { writeSweepReport } from './report/sweep/writeSweepReport.ts'

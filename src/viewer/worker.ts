/**
 * One bundle for both workers, so that the page loads the library once, in one piece (apart from what few scenes need, which is
 * loaded when they do): the name says which it is.
 */
import { startSensing } from './sensingWorker.ts'
import { startSimulation } from './simulationWorker.ts'

if (self.name === 'sensing') startSensing()
else startSimulation()
self.postMessage({ type: 'ready' })

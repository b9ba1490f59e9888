/** One bundle for both workers, so that the page loads the library once: the name says which it is. */
if (self.name === 'sensing') (await import('./sensingWorker.ts')).startSensing()
else (await import('./simulationWorker.ts')).startSimulation()
self.postMessage({ type: 'ready' })

export {}

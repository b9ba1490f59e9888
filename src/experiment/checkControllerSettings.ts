/** Whether the settings of a controller fit each other and the coordinates of a robot. */
import type { Layout } from '../engine/engine.ts'
import { InputError } from '../scene/inputError.ts'
import type { Weights } from '../scene/scene.ts'
import type { Called, ControllerSettings } from './controllerSettings.ts'
import { estimatorNoise } from './estimatorNoise.ts'
import { integralCost } from './integralCost.ts'
import { taskCost } from './taskCost.ts'

/** Throws InputError on options that the controller has no use for, or that do not fit. */
export function checkControllerSettings(settings: ControllerSettings, layout: Layout, called: Called = plainly): void {
  const { controller, horizon, qf, iterations, every, outputs, measurementNoise, processNoise } = settings
  const isPlanned = controller === 'ilqr' || controller === 'mpc'
  const only = (controllers: string, options: Partial<ControllerSettings>) => {
    for (const [option, value] of Object.entries(options))
      if (value !== undefined)
        throw new InputError({
          path: called(option as keyof ControllerSettings),
          expected: `${called('controller')} ${controllers}`,
          found: `${called('controller')} ${controller}`,
        })
  }
  if (!isPlanned) only('ilqr or mpc', { horizon, qf, iterations } as Partial<ControllerSettings>)
  if (controller === 'lqr') integralCost(settings, layout, called)
  else only('lqr', { integral: settings.integral, qz: settings.qz } as Partial<ControllerSettings>)
  if (controller === 'lqg') estimatorNoise(settings, layout, called)
  else only('lqg', { outputs, measurementNoise, processNoise } as Partial<ControllerSettings>)
  if (controller !== 'mpc') only('mpc', { every } as Partial<ControllerSettings>)
  if (qf !== undefined) lastWeights(qf, layout, called)
}

/** The weights of a plan's last state, as they were given. [ndx × ndx] */
export function lastWeights(qf: Weights, layout: Layout, called: Called = plainly) {
  return taskCost({ Q: qf, R: 1 }, layout, { Q: { path: called('qf') }, R: { path: 'R' } }).Q
}

function plainly(option: string): string {
  return option
}

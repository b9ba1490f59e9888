/** A link that holds robot, state, controller and weights: data only, checked where it arrives. */
import { parseControllerSettings } from '../experiment/parseControllerSettings.ts'
import { LQR, OFF } from './controllerForm.ts'
import type { Choice } from './controlPanel.ts'
import { element } from './elements.ts'
import type { Opening } from './openRobot.ts'

export interface Shared extends Choice {
  readonly opening: Opening
  readonly x: Float64Array // [nx]
}

/** Puts what is to be shared into the address, and where the browser lets it, on the clipboard. */
export function shareButton(read: () => Shared | null): void {
  const button = element('share')
  button.addEventListener('click', () => {
    const shared = read()
    if (!shared) return
    history.replaceState(null, '', `#${sharedText(shared)}`)
    void navigator.clipboard?.writeText(location.href).catch(() => undefined)
    button.textContent = 'Link in the address bar'
    setTimeout(() => {
      button.textContent = 'Share link'
    }, 2000)
  })
}

/** The part of the address after '#'. */
function sharedText({ opening, x, settings, Q, R }: Shared): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ opening, x: [...x], controller: settings, Q, R }))
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** null where there is nothing; a sentence where it can't be used. */
export function readShared(text: string): Shared | null | string {
  if (text === '') return null
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    const { opening, x, controller, Q, R } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
    if (isOpening(opening) && isNumbers(x) && isNumbers(Q) && isNumbers(R))
      return { opening, x: Float64Array.from(x), settings: settingsOf(controller), Q, R }
  } catch (error) {
    if ((error as Error).name === 'InputError') return `The link: ${(error as Error).message}`
  }
  return 'The link can’t be read: expected what "Share link" makes, found something else. It may have been cut off.'
}

/** Older links say whether LQR is on. */
function settingsOf(controller: unknown) {
  return typeof controller === 'boolean' ? (controller ? LQR : OFF) : parseControllerSettings(controller)
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'number' && Number.isFinite(entry))
}

/** The scene in it is checked where it is opened, like that of any file. */
function isOpening(value: unknown): value is Opening {
  if (typeof value !== 'object' || value === null) return false
  const { texts, engine } = value as Record<string, unknown>
  if (typeof texts !== 'object' || texts === null) return false
  const { kind, file, files } = texts as Record<string, unknown>
  const isFile = typeof file === 'string' && typeof files === 'object' && files !== null
  const isEngine = ['cannon', 'mujoco', 'rapier'].includes(String(engine))
  return isFile && isEngine && ['scene', 'urdf', 'mjcf'].includes(String(kind))
}

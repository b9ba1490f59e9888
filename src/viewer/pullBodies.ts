/** Ctrl+drag pulls a body. Returns whether one is held. */
import type { Pull } from './protocol.ts'
import type { SceneView } from './sceneView.ts'

export function pullBodies(
  canvas: HTMLCanvasElement,
  view: SceneView,
  say: (pull: Pull | null) => void,
): () => boolean {
  let isHeld = false
  canvas.addEventListener(
    'pointerdown',
    (event) => {
      if (!event.ctrlKey || event.button !== 0) return
      const grip = view.grip(event.offsetX, event.offsetY)
      if (!grip) return
      isHeld = true
      event.stopImmediatePropagation() // the camera stays
      canvas.setPointerCapture(event.pointerId)
      const move = ({ offsetX, offsetY }: PointerEvent) => say({ ...grip, target: view.drag(offsetX, offsetY) })
      const end = () => {
        canvas.removeEventListener('pointermove', move)
        canvas.removeEventListener('pointerup', end)
        canvas.removeEventListener('pointercancel', end)
        isHeld = false
        view.release()
        say(null)
      }
      canvas.addEventListener('pointermove', move)
      canvas.addEventListener('pointerup', end)
      canvas.addEventListener('pointercancel', end)
    },
    { capture: true },
  )
  return () => isHeld
}

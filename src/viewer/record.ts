/** Films the canvas while the button is pressed in. */
import { element, save } from './elements.ts'

const TYPES = ['video/mp4', 'video/webm']

export function recordButton(canvas: HTMLCanvasElement, name: () => string): void {
  const button = element<HTMLButtonElement>('record')
  const type = globalThis.MediaRecorder && TYPES.find((one) => MediaRecorder.isTypeSupported(one))
  button.hidden = type === undefined
  let recorder: MediaRecorder | null = null
  button.addEventListener('click', () => {
    button.setAttribute('aria-pressed', String(recorder === null))
    button.textContent = recorder === null ? 'Stop filming' : 'Film'
    if (recorder) {
      recorder.stop()
      recorder = null
      return
    }
    recorder = new MediaRecorder(canvas.captureStream(60), { mimeType: type!, videoBitsPerSecond: 8e6 })
    recorder.ondataavailable = ({ data }) => save(`${name()}.${type!.slice('video/'.length)}`, data)
    recorder.start()
  })
}

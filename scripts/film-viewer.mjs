/**
 * Makes the pictures of the viewer in docs/images: viewer.png and viewer.gif, a cart-pole that is pulled, caught, and linearized.
 * After `npm run build`; needs Chromium (CHROMIUM_PATH, or Debian's).
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import gifenc from 'gifenc'
import { openViewer } from './openViewer.mjs'

const { GIFEncoder, quantize, applyPalette } = gifenc
const root = fileURLToPath(new URL('..', import.meta.url))
const [WIDTH, HEIGHT, FRAMES, DELAY] = [1120, 630, 44, 120] // ms
const COLORS = 63 // and one for what has not changed

const viewer = await openViewer()
try {
  await still()
  await film()
} finally {
  await viewer.close()
}

/** By the clock of the robot, which stands still while the page is busy, however slow the machine. */
async function still() {
  const page = await viewer.page(1280, 720, '#scene=quadrotor')
  const until = (seconds) => page.waitForFunction((s) => (window.jacsense().latest?.time ?? 0) > s, seconds)
  await until(1.6)
  await page.click('#kick')
  await until(2)
  await page.click('#play')
  await page.click('#linearize')
  await page.waitForFunction(() => window.jacsense().sensed !== null)
  await page.check('#ghost')
  await page.check('#zoom')
  await page.evaluate(() => document.getElementById('panel').scrollTo(0, 0))
  const paused = await page.evaluate(() => window.jacsense().latest.time)
  await page.click('#play')
  await until(paused + 0.3)
  await page.screenshot({ path: `${root}docs/images/viewer.png` })
  await page.close()
}

/** The controller's panel while the pole is pulled to both sides, then the linearization. */
async function film() {
  const page = await viewer.page(WIDTH, HEIGHT, '#scene=cartpole')
  await page.evaluate(() => document.getElementById('scenesToggle').click())
  await page.click('#tab-control')
  const shots = []
  let hand = null
  for (let k = 0; k < FRAMES; k++) {
    if (k === 6 || k === 20) {
      const [x, y] = await page.evaluate(() => window.jacsense().pixelOf(1))
      hand = { x, y, side: k === 6 ? 1 : -1 }
      await page.keyboard.down('Control')
      await page.mouse.move(x, y)
      await page.mouse.down()
    }
    if (hand && k % 7 < 3) await page.mouse.move(hand.x + hand.side * 10 * ((k % 7) + 1), hand.y - 20)
    if (hand && (k === 9 || k === 23)) {
      await page.mouse.up()
      await page.keyboard.up('Control')
      hand = null
    }
    if (k === 32) {
      await page.click('#tab-linearize')
      await page.click('#linearize')
    }
    shots.push(await page.screenshot())
    await page.waitForTimeout(30)
  }
  const pictures = []
  for (const shot of shots) pictures.push(await pixels(page, shot))
  writeFileSync(`${root}docs/images/viewer.gif`, gifOf(pictures))
}

/** RGBA of a PNG, decoded by the browser. */
async function pixels(page, png) {
  const text = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
    const context = canvas.getContext('2d')
    context.drawImage(bitmap, 0, 0)
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height)
    let binary = ''
    for (let k = 0; k < data.length; k += 8192) binary += String.fromCharCode(...data.subarray(k, k + 8192))
    return btoa(binary)
  }, png.toString('base64'))
  return new Uint8Array(Buffer.from(text, 'base64'))
}

/** One palette for all; what a picture shares with the one before is left transparent. */
function gifOf(pictures) {
  const some = pictures.filter((_, k) => k % 11 === 0)
  const palette = quantize(Buffer.concat(some), COLORS)
  const gif = GIFEncoder()
  let last = null
  for (const picture of pictures) {
    const index = applyPalette(picture, palette)
    const shown = last === null ? index : index.map((color, k) => (color === last[k] ? COLORS : color))
    gif.writeFrame(shown, WIDTH, HEIGHT, {
      palette: [...palette, [0, 0, 0]],
      delay: DELAY,
      dispose: 1,
      ...(last !== null && { transparent: true, transparentIndex: COLORS }),
    })
    last = index
  }
  gif.finish()
  return gif.bytes()
}

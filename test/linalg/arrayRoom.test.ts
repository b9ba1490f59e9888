import { expect, it } from 'vitest'
import { arrayRoom } from '../../src/linalg/arrayRoom.ts'

it('arrays of a room hold zeros and do not overlap, within the room and beyond it', () => {
  const room = arrayRoom(10)
  const arrays = [room.floats(3), room.ints(3), room.floats(5), room.floats(2), room.ints(4), room.ints(0)]
  for (const [i, array] of arrays.entries()) {
    expect(array.every((value) => value === 0)).toBe(true)
    array.fill(i + 1)
  }
  expect(arrays.map((array) => array.length)).toEqual([3, 3, 5, 2, 4, 0])
  for (const [i, array] of arrays.entries()) expect(array.every((value) => value === i + 1)).toBe(true)
})

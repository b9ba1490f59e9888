import { expect, it } from 'vitest'
import { reducedLayout } from '../../src/scene/layout.ts'
import { cartsOnRail, mixedTree, strongJet } from '../fixtures/scenes.ts'

it('a control has the unit of its force at a gear of 1, and none at any other', () => {
  const units = (scene: Parameters<typeof reducedLayout>[0]) => reducedLayout(scene).u.map(({ unit }) => unit)
  expect(units(cartsOnRail())).toEqual(['N', ''])
  expect(units(mixedTree())).toEqual(['', 'N', 'N'])
  expect(units(strongJet())).toEqual(['', ''])
})

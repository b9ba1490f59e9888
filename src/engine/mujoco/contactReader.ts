/** The contacts that MuJoCo has found and solved for, out of its data. */
import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { addContact, type Contacts } from '../contacts.ts'

/** `bodyOf`: our index of a body of the model, −1 for what does not move. */
export function contactReader(
  mj: MainModule,
  model: MjModel,
  data: MjData,
  bodyOf: (body: number) => number,
): { read(out: Contacts): void; dispose(): void } {
  const wrench = new mj.DoubleBuffer(6)
  const force = new Float64Array(3)
  const owner = (geom: number): number => (geom < 0 ? -1 : bodyOf(model.geom_bodyid[geom]))
  return {
    read(out) {
      out.count = 0
      const list = data.contact // a copy, as each of its members
      for (let k = 0; k < data.ncon; k++) {
        const contact = list.get(k)!
        const frame = contact.frame as Float64Array // rows: normal from the first geom to the second, two tangents
        mj.mj_contactForce(model, data, k, wrench)
        const along = wrench.GetView() as Float64Array
        for (let c = 0; c < 3; c++)
          force[c] = frame[c]! * along[0]! + frame[3 + c]! * along[1]! + frame[6 + c]! * along[2]!
        addContact(out, [owner(contact.geom1), owner(contact.geom2)], contact.pos, frame, force)
        contact.delete()
      }
      list.delete()
    },
    dispose: () => wrench.delete(),
  }
}
